"""One client's commands, in the order in which they came (FR6).

A command that can be answered at once is; one that has to wait runs in a task of its own, and the commands
behind it queue until it's done. The queue is bounded by holding the reading of the socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Final, assert_never

from brokers.errors import BrokerError
from hubbub_protocol import Close, Code, ProtocolError, decode_command
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
from service.identity.rate_limit import TokenBucket
from service.node import Node
from service.sessions import hello, room_commands, send
from service.sessions.errors import CommandError
from service.sessions.session import Later, Session
from service.transport.connection import Connection

# CommandSession that wait for one that is under way, before the socket is read no more.
QUEUE: Final = 64
# Publishes under way, before further commands wait.
IN_FLIGHT: Final = 64
# Frames that can't be understood: this many at once, and this many a second, before the connection is closed.
FAULTS_BURST: Final = 20
FAULTS_RATE: Final = 1.0
# Joins a second in the long run; at once as many as there may be rooms, twice.
JOINS_RATE: Final = 10.0


class CommandSession:
    """Takes the frames of one connection of the `hubbub.v1` protocol."""

    __slots__ = ("_busy", "_faults", "_joins", "_pinged", "_queue", "_session")

    def __init__(self, node: Node, connection: Connection) -> None:
        self._session = Session(node, connection)
        self._faults = TokenBucket(FAULTS_RATE, FAULTS_BURST)
        self._joins = TokenBucket(JOINS_RATE, 2 * node.settings.rooms_per_connection)
        # Made when a command has to wait: an empty one takes more memory than all else here.
        self._queue: deque[str] | None = None
        self._busy: asyncio.Task[None] | None = None
        self._pinged = node.pings.add(connection)
        hello.expect_hello(self._session)

    # Called by the connection ---------------------------------------------------------------------

    def receive(self, text: str) -> None:
        """Take one frame."""
        if self._waits():
            self._queue = self._queue or deque()
            self._queue.append(text)
            if len(self._queue) >= QUEUE:
                self._session.connection.hold_reading(hold=True)
        else:
            self._handle(text)

    def resumed(self) -> None:
        """Catch up in all rooms, now that the transport takes output again; then go on with the commands."""
        for member in list(self._session.members.values()):
            member.fanout.resumed(member)
        self._go_on()

    def ended(self) -> None:
        """Leave everything."""
        session = self._session
        self._queue = None
        session.stop_timers()
        if self._busy is not None:
            self._busy.cancel()
        room_commands.leave_all(session)
        hello.farewell(session)
        session.node.forget(session.connection, self._pinged)

    # ----------------------------------------------------------------------------------------------

    def _waits(self) -> bool:
        # A client that doesn't read gets no answers: they would pile up in the buffer.
        session = self._session
        return self._busy is not None or session.sending >= IN_FLIGHT or session.connection.paused

    def _go_on(self) -> None:
        """Handle what queued, until a command has to wait again."""
        connection = self._session.connection
        while self._queue and not self._waits() and not connection.closing:
            self._handle(self._queue.popleft())
        if not self._queue or len(self._queue) < QUEUE:
            connection.hold_reading(hold=False)

    def _handle(self, text: str) -> None:
        session = self._session
        try:
            command = decode_command(text)
        except ProtocolError as error:
            self._misunderstood(error)
            return
        number = getattr(command, "id", None)
        try:
            later = self._start(command)
        except CommandError as refused:
            session.refuse(refused, number)
            return
        if later is not None:
            # Made only when the task runs: one that is cancelled before it began leaves nothing behind.
            name = type(command).__name__.lower()
            self._busy = session.node.tasks.start(self._run(later, number), name=name)

    def _start(self, command: Command) -> Later | None:  # noqa: C901 - one case for each command
        """Handle a command; return what it has to wait for, if anything."""
        session = self._session
        if type(command) is not Hello:
            session.require_identity()
        match command:
            case Send():
                send.send(session, command, self._go_on)
            case Typing():
                room_commands.typing(session, command)
            case History():
                return room_commands.history(session, command)
            case Join():
                self._limit_joins()
                return room_commands.join(session, command)
            case Leave():
                room_commands.leave(session, command)
            case Who():
                room_commands.who(session, command)
            case Refresh():
                hello.refresh(session, command)
            case Hello():
                hello.hello(session, command)
            case _:
                assert_never(command)
        return None

    def _limit_joins(self) -> None:
        """Refuse who joins so fast that rooms would pile up (RM9)."""
        wait = self._joins.take(monotonic())
        if wait:
            raise CommandError(Code.RATE_LIMITED, "joining too fast", retry_after=wait)

    async def _run(self, later: Later, number: int | None) -> None:
        session = self._session
        try:
            await later()
        except CommandError as refused:
            session.refuse(refused, number)
        except BrokerError as error:
            session.refuse(CommandError(Code.UNAVAILABLE, str(error)), number)
        except Exception:
            session.refuse(CommandError(Code.INTERNAL, "the server failed"), number)
            raise
        finally:
            self._busy = None
            self._go_on()

    def _misunderstood(self, error: ProtocolError) -> None:
        self._session.refuse(CommandError(error.code, str(error)), error.id)
        if self._faults.take(monotonic()):
            self._session.connection.close(Close.BAD_FRAMES, "too many frames that can't be understood")
