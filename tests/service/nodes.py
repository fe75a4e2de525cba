"""Nodes that exchange presence over a simulated network."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from service.cluster.cluster_view import ClusterView
from service.cluster.room_presence import RoomPresence
from service.cluster.signals import NODES, AnySignal, ListRooms, MarksMoved, RoomsListed, decode, encode

GONE_AFTER: Final = 10.0
BEAT: Final = 2.0


class Network:
    """Keeps sent signals until the test delivers them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.nodes: list[Node] = []
        self.waiting: list[tuple[Node, str, bytes]] = []
        self.names = count()
        # The fields of a signal that a node processes.
        self.seen_by: Callable[[dict[str, Any]], dict[str, Any]] = lambda fields: fields

    def send(self, sender: Node, room: str, signal: AnySignal) -> None:
        for node in self.nodes:
            if node is not sender and (room == NODES or room in node.view.rooms):
                self.waiting.append((node, room, encode(signal)))

    def deliver(self, place: int) -> None:
        node, room, payload = self.waiting.pop(place)
        signal = decode(json.dumps(self.seen_by(json.loads(payload))).encode())
        assert signal is not None
        assert not isinstance(signal, ListRooms | MarksMoved | RoomsListed)
        if node in self.nodes:
            node.view.receive(room, signal)

    def settle(self) -> None:
        """Deliver all signals in order, and run the timers of the nodes."""
        for _ in range(12):
            for node in self.nodes:
                node.turn()
                node.view.send_heartbeat()
                node.view.evict_lost_peers()
            while self.waiting:
                self.deliver(0)
                for node in self.nodes:
                    node.turn()
            self.now += BEAT


class Node:
    """A node, and its real connections by room and user."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.view = ClusterView(
            f"node {next(network.names)}",
            send=lambda room, signal: network.send(self, room, signal),
            on_pending=lambda: None,
            clock=lambda: network.now,
            lost_after=GONE_AFTER,
        )
        self.topics: dict[str, RoomPresence] = {}
        self.here: Counter[tuple[str, str]] = Counter()
        self.away: Counter[tuple[str, str]] = Counter()
        self.changes = Counter[str]()

    def turn(self) -> None:
        self.view.publish()
        while self.view.send_states(1):
            pass

    def open(self, room: str) -> RoomPresence:
        if room not in self.topics:
            self.topics[room] = self.view.open(room, lambda: self.changes.update([room]))
        return self.topics[room]

    def counter(self, away: bool) -> Counter[tuple[str, str]]:  # noqa: FBT001 - which of the two
        return self.away if away else self.here

    def users(self, room: str) -> set[str]:
        return {user for where, user in self.here + self.away if where == room}

    def users_here(self, room: str) -> set[str]:
        return {user for where, user in +self.here if where == room}


def pair() -> tuple[Network, Node, Node]:
    """Make two nodes that know each other."""
    network = Network()
    network.nodes = [Node(network), Node(network)]
    network.settle()
    return network, network.nodes[0], network.nodes[1]
