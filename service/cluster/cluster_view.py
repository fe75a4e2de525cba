"""This node's view of the cluster: what it publishes, requests and answers. `Cluster` runs its timers.

Everything that waits is bounded: changes and pending answers by room, requests by `lost_after`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from service.cluster.peer import Peer
from service.cluster.room_presence import RoomPresence, in_parts
from service.cluster.signals import (
    NODES,
    Heartbeat,
    NodeLeaving,
    PresenceChange,
    PresenceSignal,
    PresenceState,
    StateRequest,
    StateRequestDone,
    StateSignal,
    TypingSignal,
)

# Rooms in one request, and in one heartbeat.
ROOMS_PER_SIGNAL: Final = 200

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class PendingRequest:
    """A request for states: when it was sent, and the nodes that have not answered yet."""

    requested_at: float
    everything: bool
    waiting: set[str]
    done: Callable[[], None]


class ClusterView:
    """The rooms of this node, and its peers.

    Args:
        send: emits a signal to a room.
        on_pending: called when there is something to `publish`, or to send by `send_states`.
        clock: a monotonic clock, in seconds.
        lost_after: a peer without a signal for this time is lost (seconds).
        on_lost: called for each lost peer.
    """

    def __init__(
        self,
        node: str,
        *,
        send: Callable[[str, PresenceSignal], None],
        on_pending: Callable[[], None],
        clock: Callable[[], float],
        lost_after: float,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self.node = node
        self.rooms: dict[str, RoomPresence] = {}
        self.peers: dict[str, Peer] = {}
        # When nodes left. Their earlier signals may arrive later.
        self._left: dict[str, float] = {}
        self._send = send
        self._on_pending = on_pending
        self._clock = clock
        self._lost_after = lost_after
        self._on_lost = on_lost
        self._stamp = 0
        self._number = 0
        self._lap = 0
        self._lap_rooms: list[str] = []
        self._unpublished: dict[RoomPresence, None] = {}
        # Rooms to request from a peer; None: all.
        self._to_request: dict[str, dict[str, None] | None] = {}
        self._requests: dict[int, PendingRequest] = {}
        # Rooms to send, and whether to send them without users too; tuples are requests to report as done.
        self._to_answer: dict[str | tuple[str, int], bool] = {}

    def open(self, name: str, changed: Callable[[], None]) -> RoomPresence:
        """Track the presence of a room."""
        room = self.rooms[name] = RoomPresence(name, changed=changed, on_unpublished=self._mark_unpublished)
        return room

    def close(self, presence: RoomPresence) -> None:
        """Stop tracking the presence of a room without users on this node."""
        self._publish_changes(presence)
        if self.rooms.get(presence.name) is presence:
            del self.rooms[presence.name]
            for peer in self.peers.values():
                peer.forget(presence.name)

    def publish(self) -> None:
        """Publish the changes of this node, and request missing states."""
        for presence in list(self._unpublished):
            self._publish_changes(presence)
        to_request, self._to_request = self._to_request, {}
        for node, rooms in to_request.items():
            self.request(None if rooms is None else list(rooms), node)

    def request(
        self, rooms: list[str] | None, to: str = "", *, done: Callable[[], None] = lambda: None
    ) -> None:
        """Request rooms, or all, from a peer or from all peers; `done` is called when all have sent them."""
        now = self._clock()
        if not self.peers and rooms is not None:
            done()
            return
        waiting = {to} if to else self.live_peers()
        if not waiting:
            done()
        for part in [None] if rooms is None else in_parts(rooms, ROOMS_PER_SIGNAL):
            self._number += 1
            self._send(NODES, StateRequest(node=self.node, to=to, number=self._number, rooms=part))
        # Answers arrive in the order of the requests, so the answer to the last part completes it.
        self._requests[self._number] = PendingRequest(now, rooms is None, waiting, done)

    def live_peers(self) -> set[str]:
        """Return the peers that an answer can be expected from: the others may be lost already."""
        recently = self._clock() - self._lost_after / 3
        return {peer.name for peer in self.peers.values() if peer.last_seen > recently}

    def send_states(self, limit: int) -> bool:
        """Send up to `limit` requested states; return whether more are pending."""
        for pending in list(self._to_answer)[:limit]:
            also_empty = self._to_answer.pop(pending)
            if isinstance(pending, tuple):
                to, number = pending
                self._send(NODES, StateRequestDone(node=self.node, to=to, number=number))
            else:
                self._send_state(pending, also_empty=also_empty)
        return bool(self._to_answer)

    def send_heartbeat(self) -> None:
        """Send a heartbeat with the stamps of some rooms."""
        if not self._lap_rooms:
            self._lap += 1
            self._lap_rooms = [name for name, presence in self.rooms.items() if presence.stamp]
        names, self._lap_rooms = self._lap_rooms[:ROOMS_PER_SIGNAL], self._lap_rooms[ROOMS_PER_SIGNAL:]
        found = {name: self.rooms[name].stamp for name in names if name in self.rooms}
        stamps = {name: stamp for name, stamp in found.items() if stamp}
        self._send(NODES, Heartbeat(node=self.node, lap=self._lap, stamps=stamps))

    def evict_lost_peers(self) -> None:
        """Evict peers that missed their heartbeats, and old requests."""
        now = self._clock()
        for peer in list(self.peers.values()):
            if now - peer.last_seen > self._lost_after:
                _log.warning(
                    "node_lost", extra={"node": peer.name, "silent_seconds": round(now - peer.last_seen, 1)}
                )
                self._remove_peer(peer)
                self._on_lost()
        for number, request in list(self._requests.items()):
            if now - request.requested_at > self._lost_after:
                del self._requests[number]
        self._left = {node: at for node, at in self._left.items() if now - at <= self._lost_after}

    def send_leaving(self) -> None:
        """Announce that this node leaves."""
        self._send(NODES, NodeLeaving(node=self.node))

    def resync(self) -> None:
        """Request what was missed while this node was unreachable or suspended."""
        now = self._clock()
        for peer in self.peers.values():
            peer.last_seen = now
        self.request(None)

    def receive(self, room: str, signal: PresenceSignal) -> None:
        """Process a node's signal."""
        if signal.node == self.node or signal.node in self._left:
            return
        if isinstance(signal, NodeLeaving):
            self._receive_leaving(signal.node)
        elif not isinstance(signal, TypingSignal):
            self._receive_from(self._peer(signal.node), room, signal)

    def _receive_from(self, peer: Peer, room: str, signal: StateSignal) -> None:
        peer.last_seen = self._clock()
        if isinstance(signal, PresenceChange | PresenceState):
            self._receive_presence(peer, room, signal)
        elif isinstance(signal, Heartbeat):
            for name in peer.check_heartbeat(signal, self.rooms, peer.last_seen):
                self._request_later(peer, name)
        elif isinstance(signal, StateRequest):
            self._receive_request(peer, signal)
        elif signal.to == self.node:
            self._receive_done(peer, signal.number)

    def _peer(self, node: str) -> Peer:
        peer = self.peers.get(node)
        if peer is None:
            _log.info("node_discovered", extra={"node": node})
            peer = self.peers[node] = Peer(node, self._clock())
            self._request_all_later(peer)
        return peer

    def _receive_presence(self, peer: Peer, room: str, signal: PresenceChange | PresenceState) -> None:
        presence = self.rooms.get(room)
        if presence is None:
            return
        apply = peer.apply_change if isinstance(signal, PresenceChange) else peer.apply_state
        if not apply(room, presence.roster, signal, peer.last_seen):  # type: ignore[arg-type]
            self._request_later(peer, room)
        if presence.roster.changes:
            presence.changed()

    def _receive_request(self, peer: Peer, request: StateRequest) -> None:
        if request.to not in {"", self.node}:
            return
        if request.rooms is None and not request.to:
            # The peer was unreachable, so its own signals were missed too.
            self._request_all_later(peer)
        rooms: Iterable[str] = self.rooms if request.rooms is None else request.rooms
        also_empty = request.rooms is not None and bool(request.to)
        for room in rooms:
            self._to_answer[room] = self._to_answer.get(room, False) or also_empty
        self._to_answer[request.node, request.number] = False
        self._on_pending()

    def _receive_done(self, peer: Peer, number: int) -> None:
        request = self._requests.get(number)
        if request is None:
            return
        if request.everything:
            for room in peer.unconfirmed(request.requested_at):
                self._request_later(peer, room)
        request.waiting.discard(peer.name)
        if not request.waiting:
            del self._requests[number]
            request.done()

    def _mark_unpublished(self, presence: RoomPresence) -> None:
        self._unpublished[presence] = None
        self._on_pending()

    def _request_later(self, peer: Peer, room: str) -> None:
        if not peer.may_request(room, peer.last_seen):
            return
        rooms = self._to_request.setdefault(peer.name, {})
        if rooms is not None:
            rooms[room] = None
        self._on_pending()

    def _request_all_later(self, peer: Peer) -> None:
        self._to_request[peer.name] = None
        self._on_pending()

    def _publish_changes(self, presence: RoomPresence) -> None:
        self._unpublished.pop(presence, None)
        if not self.peers:
            # Nothing is sent: a node that joins later requests all states.
            presence.skip_changes(self._next_stamp)
            return
        for change in presence.take_changes(self.node, self._next_stamp):
            self._send(presence.name, change)

    def _next_stamp(self) -> int:
        self._stamp += 1
        return self._stamp

    def _send_state(self, room: str, *, also_empty: bool) -> None:
        presence = self.rooms.get(room)
        if presence is not None:
            self._publish_changes(presence)
        if presence is not None and presence.stamp:
            for state in presence.state(self.node, self._stamp):
                self._send(room, state)
        elif also_empty:
            empty = PresenceState(node=self.node, stamp=0, at=self._stamp, part=0, parts=1, users=[])
            self._send(room, empty)

    def _clear_room(self, peer: Peer, room: str) -> None:
        presence = self.rooms.get(room)
        peer.forget(room)
        if presence is not None:
            presence.roster.replace(peer.name, frozenset())
            presence.changed()

    def _receive_leaving(self, node: str) -> None:
        self._left[node] = self._clock()
        if peer := self.peers.get(node):
            self._remove_peer(peer)

    def _remove_peer(self, peer: Peer) -> None:
        del self.peers[peer.name]
        self._to_request.pop(peer.name, None)
        for room in list(peer.rooms):
            self._clear_room(peer, room)
        for request in list(self._requests.values()):
            request.waiting.discard(peer.name)
            if not request.waiting:
                request.done()
