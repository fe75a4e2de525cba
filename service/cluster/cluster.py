"""This node in the cluster: timers for heartbeats, published changes, requests and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final

from brokers.base import Broker
from service.cluster.cluster_view import ClusterView
from service.cluster.room_presence import RoomPresence
from service.cluster.signals import NAMES, NODES, AnySignal, PresenceSignal, encode
from service.runtime.metrics import Metrics

# How long changes are gathered before they are published to the other nodes (seconds).
PUBLISH_DELAY: Final = 0.05
# Heartbeats within the time after which a node that sends none is lost.
MAX_MISSED_HEARTBEATS: Final = 5
# Room states that are sent in one turn of the loop, and the wait until the next turn (seconds).
STATES_PER_TURN: Final = 100
STATES_INTERVAL: Final = 0.02


class Cluster:
    """This node and the other nodes.

    Attributes:
        name: the name of this node.
        names: the user names in use (`service/cluster/user_names.py`), shared like presence.
    """

    def __init__(self, node: str, broker: Broker, metrics: Metrics, lost_after: float) -> None:
        """Prepare; a node without a signal for `lost_after` seconds is lost."""
        self.name = node
        self._loop = asyncio.get_running_loop()
        self._broker = broker
        self._metrics = metrics
        self._heartbeat_interval = lost_after / MAX_MISSED_HEARTBEATS
        self._publish_timer: asyncio.TimerHandle | None = None
        self._states_timer: asyncio.TimerHandle | None = None
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._requested_rooms: list[str] = []
        self._request_done: asyncio.Future[None] | None = None
        self._last_heartbeat = monotonic()
        self._broker_unreachable = False
        self._closed = False
        self._view = ClusterView(
            node,
            send=self._send,
            on_pending=self._schedule_publish,
            clock=monotonic,
            lost_after=lost_after,
            on_lost=self._count_lost,
        )
        self.names = self._view.open(NAMES, changed=lambda: None)

    def __len__(self) -> int:
        return len(self._view.peers)

    async def start(self) -> None:
        """Subscribe to the other nodes' signals, and send the first heartbeat.

        Raises:
            BrokerError: the broker is unreachable.
        """
        await self._broker.subscribe(NODES)
        await self._broker.subscribe(NAMES)
        self._view.resync()
        self._send_heartbeat()

    def close(self) -> None:
        """Send the last signal of this node: after a later one, the others would take it for alive."""
        for timer in (self._publish_timer, self._states_timer, self._heartbeat_timer):
            if timer is not None:
                timer.cancel()
        if self._heartbeat_timer is not None:
            self._view.publish()
            self._view.send_leaving()
        self._closed = True

    def open(self, room: str, changed: Callable[[], None]) -> RoomPresence:
        """Track the presence of a room; `changed` is called after each change."""
        return self._view.open(room, changed)

    def release(self, presence: RoomPresence) -> None:
        """Stop tracking the presence of a room."""
        self._view.close(presence)

    def request_state(self, presence: RoomPresence) -> asyncio.Future[None]:
        """Request the state of a room that was just subscribed; done when all nodes have sent theirs.

        A node may not answer, so the caller must set a time limit.
        """
        done = self._request_done
        if done is None:
            done = self._request_done = self._loop.create_future()
            # One request covers all rooms that are opened in one turn of the loop.
            self._loop.call_soon(self._send_request)
        self._requested_rooms.append(presence.name)
        return done

    def live_nodes(self) -> set[str]:
        """Return the nodes that an answer can be expected from."""
        return self._view.live_peers()

    def publish(self, signal: AnySignal) -> None:
        """Publish a signal to all nodes."""
        self._send(NODES, signal)

    def receive(self, room: str, signal: PresenceSignal) -> None:
        """Process a node's signal."""
        if not self._closed:
            self._view.receive(room, signal)

    def broker_unreachable(self) -> None:
        """Record that the broker is unreachable: missed heartbeats mean nothing until it is reconnected."""
        self._broker_unreachable = True

    def broker_reconnected(self) -> None:
        """Record that the broker is reconnected."""
        self._broker_unreachable = False
        self._view.resync()

    def _send(self, room: str, signal: AnySignal) -> None:
        if not self._closed:
            self._metrics.signals_out += 1
            self._broker.emit(room, encode(signal))

    def _count_lost(self) -> None:
        self._metrics.nodes_lost += 1

    def _schedule_publish(self) -> None:
        if self._publish_timer is None and not self._closed:
            self._publish_timer = self._loop.call_later(PUBLISH_DELAY, self._publish)

    def _publish(self) -> None:
        self._publish_timer = None
        self._view.publish()
        if self._states_timer is None:
            self._send_states()

    def _send_states(self) -> None:
        more = self._view.send_states(STATES_PER_TURN)
        self._states_timer = self._loop.call_later(STATES_INTERVAL, self._send_states) if more else None

    def _send_heartbeat(self) -> None:
        now, before = monotonic(), self._last_heartbeat
        self._last_heartbeat = now
        self._heartbeat_timer = self._loop.call_later(self._heartbeat_interval, self._send_heartbeat)
        self._view.send_heartbeat()
        if self._broker_unreachable:
            return
        if now - before > 2 * self._heartbeat_interval:
            # This process was suspended: signals of the others may still be unread.
            self._view.resync()
        self._view.evict_lost_peers()

    def _send_request(self) -> None:
        done, rooms = self._request_done, self._requested_rooms
        self._request_done, self._requested_rooms = None, []
        if done is not None:
            self._view.request(rooms, done=partial(_resolve, done))


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
