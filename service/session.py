"""One client's commands, in the order in which they came (FR6).

A command that can be answered at once is; one that has to wait runs in a task of its own, and the commands behind it
queue until it's done. The queue is bounded by holding the reading of the socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Final

from brokers.errors import BrokerError
from hubbub_protocol import Close, Code, ProtocolError, decode_command, events
from hubbub_protocol.commands import (
    Command,
    Hello,
    History,
    Join,
    Leave,
    Refresh,
    Send,
    Typing,
    Who,
)
from service import greeting, membership, sending
from service.answers import event
from service.auth import Identity
from service.connection import Connection
from service.fanout import Member
from service.limits import TokenBucket
from service.node import Node
from service.refusals import Refused

# Commands that wait for one that is under way, before the socket is read no more.
QUEUE: Final = 64
# Publishes under way, before further commands wait.
IN_FLIGHT: Final = 64
# Frames that can't be understood: this many at once, and this many a second, before the connection is closed.
FAULTS_BURST: Final = 20
FAULTS_RATE: Final = 1.0

Handler = Callable[["Session", Command], Coroutine[None, None, None] | None]


class Session:
    """What one connection of the `hubbub.v1` protocol has said and may do."""

    __slots__ = (
        "_busy", "_faults", "_queue", "connection", "identity", "members", "node", "pinged", "secret", "sends", "sending",
        "timers",
    )  # fmt: skip

    def __init__(self, node: Node, connection: Connection) -> None:
        settings = node.settings
        self.node = node
        self.connection = connection
        self.identity: Identity | None = None
        self.members: dict[str, Member] = {}
        self.secret = ""
        self.sends = TokenBucket(settings.sends_per_second, settings.sends_burst)
        self.sending = 0
        self.timers: list[asyncio.TimerHandle] = []
        self.pinged = node.pings.add(connection)
        self._faults = TokenBucket(FAULTS_RATE, FAULTS_BURST)
        self._queue: deque[str] = deque()
        self._busy: asyncio.Task[None] | None = None
        self.timers.append(
            asyncio.get_running_loop().call_later(settings.hello_seconds, greeting.not_greeted, self)
        )

    # Called by the connection -----------------------------------------------------------------------------------

    def receive(self, text: str) -> None:
        """Take one frame."""
        if self._busy is not None or self.sending >= IN_FLIGHT:
            self._queue.append(text)
            if len(self._queue) >= QUEUE:
                self.connection.hold_reading(hold=True)
        else:
            self._handle(text)

    def resumed(self) -> None:
        """Catch up in all rooms, now that the transport takes output again."""
        for member in list(self.members.values()):
            if not member.live:
                member.fanout.catch_up(member)

    def ended(self) -> None:
        """Leave everything."""
        self._queue.clear()
        self.stop_timers()
        if self._busy is not None:
            self._busy.cancel()
        membership.leave_all(self)
        greeting.farewell(self)
        self.node.forget(self.connection, self.pinged)

    # For the handlers -------------------------------------------------------------------------------------------

    def answer(self, frame: events.Event) -> None:
        """Write an event."""
        self.connection.write(event(frame))

    def refuse(self, refused: Refused, command: int | None) -> None:
        """Write an error, and count it."""
        self.node.metrics.refused.add(refused.code)
        self.answer(refused.event(command))

    def stop_timers(self) -> None:
        """Stop all timers of this session."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()

    def go_on(self) -> None:
        """Handle what queued, until a command has to wait again."""
        while self._queue and self._busy is None and self.sending < IN_FLIGHT and not self.connection.closing:
            self._handle(self._queue.popleft())
        if len(self._queue) < QUEUE:
            self.connection.hold_reading(hold=False)

    # ------------------------------------------------------------------------------------------------------------

    def _handle(self, text: str) -> None:
        try:
            command = decode_command(text)
        except ProtocolError as error:
            self._misunderstood(error)
            return
        number = getattr(command, "id", None)
        if self.identity is None and type(command) is not Hello:
            self.refuse(Refused(Code.HELLO_FIRST, "say hello first"), number)
            return
        try:
            later = _HANDLERS[type(command)](self, command)
        except Refused as refused:
            self.refuse(refused, number)
            return
        if later is not None:
            self._busy = self.node.tasks.start(self._run(later, number), name=f"{type(command).__name__.lower()}")

    async def _run(self, later: Coroutine[None, None, None], number: int | None) -> None:
        try:
            await later
        except Refused as refused:
            self.refuse(refused, number)
        except BrokerError as error:
            self.refuse(Refused(Code.UNAVAILABLE, str(error)), number)
        except Exception:
            self.refuse(Refused(Code.INTERNAL, "the server failed"), number)
            raise
        finally:
            self._busy = None
            self.go_on()

    def _misunderstood(self, error: ProtocolError) -> None:
        self.refuse(Refused(error.code, str(error)), error.id)
        if self._faults.take(monotonic()):
            self.connection.close(Close.BAD_FRAMES, "too many frames that can't be understood")


_HANDLERS: Final[dict[type[Command], Callable[..., Coroutine[None, None, None] | None]]] = {
    Hello: greeting.hello,
    Refresh: greeting.refresh,
    Join: membership.join,
    Leave: membership.leave,
    History: membership.history,
    Who: membership.who,
    Typing: membership.typing,
    Send: sending.send,
}
