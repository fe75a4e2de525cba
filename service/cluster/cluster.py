"""The other nodes, as the loop sees them: when this node beats, gathers, asks and answers."""

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

# How long changes are gathered before the other nodes are told (seconds).
GATHER: Final = 0.05
# Beats within the time after which a silent node counts as gone.
BEATS: Final = 5
# Rooms of which the others are told in one turn of the loop, and the wait until the next (seconds).
ANSWERS_AT_ONCE: Final = 100
BETWEEN_ANSWERS: Final = 0.02


class Cluster:
    """This node among the others.

    Attributes:
        name: this node's.
        names: the user names in use (`service/cluster/user_names.py`), shared as presence is.
    """

    def __init__(self, node: str, broker: Broker, metrics: Metrics, gone_after: float) -> None:
        """Prepare; `gone_after` is how long a node may be silent (seconds)."""
        self.name = node
        self._loop = asyncio.get_running_loop()
        self._broker = broker
        self._metrics = metrics
        self._every = gone_after / BEATS
        self._gathering: asyncio.TimerHandle | None = None
        self._answering: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._introducing: list[str] = []
        self._introduction: asyncio.Future[None] | None = None
        self._last_beat = monotonic()
        self._cut_off = False
        self._closed = False
        self._view = ClusterView(
            node, send=self._send, wake=self._wake, clock=monotonic, gone_after=gone_after, gone=self._gone
        )
        self.names = self._view.open(NAMES, changed=lambda: None)

    def __len__(self) -> int:
        return len(self._view.peers)

    async def start(self) -> None:
        """Listen to the other nodes, and make oneself known.

        Raises:
            BrokerError: the broker is away.
        """
        await self._broker.subscribe(NODES)
        await self._broker.subscribe(NAMES)
        self._view.start_anew()
        self._beat()

    def close(self) -> None:
        """Say goodbye, and nothing behind it: who heard more would take this node for one that lives."""
        for timer in (self._gathering, self._answering, self._beating):
            if timer is not None:
                timer.cancel()
        if self._beating is not None:
            self._view.gather()
            self._view.bye()
        self._closed = True

    def open(self, room: str, changed: Callable[[], None]) -> RoomPresence:
        """Keep who is in a room from now on; `changed` is called after each change."""
        return self._view.open(room, changed)

    def release(self, topic: RoomPresence) -> None:
        """Keep nothing of a room any more."""
        self._view.close(topic)

    def ask_about(self, topic: RoomPresence) -> asyncio.Future[None]:
        """Ask who is in a room that this node has just subscribed to; done when all nodes have said so.

        Not all may answer, so nobody should wait for it without a limit.
        """
        answered = self._introduction
        if answered is None:
            answered = self._introduction = self._loop.create_future()
            # Rooms that are opened in one turn are asked for in one question.
            self._loop.call_soon(self._ask)
        self._introducing.append(topic.name)
        return answered

    def awake(self) -> set[str]:
        """Name the nodes of which an answer may be expected."""
        return self._view.awake()

    def tell(self, signal: AnySignal) -> None:
        """Say something to all nodes."""
        self._send(NODES, signal)

    def hear(self, room: str, signal: PresenceSignal) -> None:
        """Take in what a node said."""
        if not self._closed:
            self._view.hear(room, signal)

    def lost(self) -> None:
        """Learn that the broker is out of reach: silence means nothing now."""
        self._cut_off = True

    def restored(self) -> None:
        """Learn that the broker is back."""
        self._cut_off = False
        self._view.start_anew()

    def _send(self, room: str, signal: AnySignal) -> None:
        if not self._closed:
            self._metrics.signals_out += 1
            self._broker.emit(room, encode(signal))

    def _gone(self) -> None:
        self._metrics.nodes_gone += 1

    def _wake(self) -> None:
        if self._gathering is None and not self._closed:
            self._gathering = self._loop.call_later(GATHER, self._gather)

    def _gather(self) -> None:
        self._gathering = None
        self._view.gather()
        if self._answering is None:
            self._answer()

    def _answer(self) -> None:
        more = self._view.answer(ANSWERS_AT_ONCE)
        self._answering = self._loop.call_later(BETWEEN_ANSWERS, self._answer) if more else None

    def _beat(self) -> None:
        now, before = monotonic(), self._last_beat
        self._last_beat = now
        self._beating = self._loop.call_later(self._every, self._beat)
        self._view.beat()
        if self._cut_off:
            return
        if now - before > 2 * self._every:
            # This process stood still: what the others said meanwhile may not have been read yet.
            self._view.start_anew()
        self._view.sweep()

    def _ask(self) -> None:
        answered, rooms = self._introduction, self._introducing
        self._introduction, self._introducing = None, []
        if answered is not None:
            self._view.ask(rooms, answered=partial(_resolve, answered))


def _resolve(answered: asyncio.Future[None]) -> None:
    if not answered.done():
        answered.set_result(None)
