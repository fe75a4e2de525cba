"""One client's commands, in the order in which they arrive (FR6).

Most commands are answered at once. A command that has to wait runs in a task, and the later commands are
queued until it is done. Backpressure bounds the queue: when it is full, the socket is not read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import Final, assert_never

from brokers.errors import BrokerError
from hubbub_protocol import Close, Code, ProtocolError, decode_command
from hubbub_protocol.commands import (
    Away,
    Command,
    Delete,
    Directory,
    Edit,
    Hello,
    History,
    Join,
    Leave,
    ListOwnRooms,
    React,
    Read,
    Refresh,
    Search,
    Send,
    SetTopic,
    Typing,
    Unreact,
    Upload,
    Who,
)
from service.identity.rate_limit import TokenBucket
from service.node import Node
from service.sessions import (
    changes,
    directory,
    files,
    hello,
    own_rooms,
    presence,
    reading,
    room_commands,
    search,
    send,
    topics,
)
from service.sessions.errors import CommandError, rate_limited
from service.sessions.session import Deferred, Session
from service.transport.connection import Connection

# Queued commands, before the socket is not read any more.
MAX_QUEUED: Final = 64
# Publishes in flight, before further commands are queued.
MAX_IN_FLIGHT: Final = 64
# Invalid frames, before the connection is closed: a burst, and a rate (frames a second).
INVALID_FRAMES_BURST: Final = 20
INVALID_FRAMES_RATE: Final = 1.0
# What a refused command costs of the connection's rate, besides the one of its frame: clients of good will
# send few of them (see `service/transport/input_budget.py`).
REFUSED_TOKENS: Final = 2
# The rate of joins (a second). The burst is twice the number of rooms of a connection.
JOINS_RATE: Final = 10.0


class CommandSession:
    """Receives the frames of one connection of the `hubbub.v1` protocol."""

    __slots__ = ("_invalid_frames", "_joins", "_ping_slot", "_queue", "_session", "_task", "_waiting")

    def __init__(self, node: Node, connection: Connection) -> None:
        self._session = Session(node, connection)
        # Most connections never send one.
        self._invalid_frames: TokenBucket | None = None
        self._joins = TokenBucket(JOINS_RATE, 2 * node.settings.rooms_per_connection)
        # Made for the first queued command: an empty deque takes more memory than the rest of the session.
        self._queue: deque[str] | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting = False  # the queue waits for its turn
        self._ping_slot = node.pings.add(connection)
        self._session.update_idle()
        hello.start_hello_timer(self._session)

    @property
    def user_id(self) -> str | None:
        """The id of the user; None before `hello`."""
        identity = self._session.identity
        return None if identity is None else identity.id

    @property
    def token_id(self) -> str | None:
        """The id of the token, if there is one."""
        identity = self._session.identity
        return None if identity is None else identity.token_id

    # Called by the connection ---------------------------------------------------------------------

    def receive(self, text: str) -> None:
        """Process one frame, or queue it."""
        if self._waiting or self._must_queue():
            self._queue = self._queue or deque()
            self._queue.append(text)
            if len(self._queue) >= MAX_QUEUED:
                self._session.connection.pause_input()
        else:
            self._process(text)

    def resumed(self) -> None:
        """Catch up in all rooms, then process the queued commands: the transport accepts output again."""
        for member in list(self._session.members.values()):
            member.fanout.resumed(member)
        self._process_queue()

    def take_turn(self) -> None:
        """Process a share of the queued commands. The rest waits for its next turn, as input does."""
        self._waiting = False
        try:
            self._process_queue()
        except Exception:  # noqa: BLE001 - a bug must close this connection, and no other
            self._session.connection.input_failed()

    def ended(self) -> None:
        """Leave all rooms, release the name, and remove the connection from the node."""
        session = self._session
        self._queue = None
        session.stop_timers()
        if self._task is not None:
            self._task.cancel()
        room_commands.leave_all(session)
        hello.release_name(session)
        session.node.remove_connection(session.connection, self._ping_slot)

    # ----------------------------------------------------------------------------------------------

    def _must_queue(self) -> bool:
        # A slow consumer's commands are not processed, because their responses would fill the write buffer.
        session = self._session
        return self._task is not None or session.in_flight >= MAX_IN_FLIGHT or session.connection.paused

    def _process_queue(self) -> None:
        """Process queued commands until one has to wait, or until the share of this turn is used."""
        connection = self._session.connection
        if self._queue and not self._waiting:
            self._process_share(self._queue)
        if not self._queue or len(self._queue) < MAX_QUEUED:
            connection.resume_input()

    def _process_share(self, queue: deque[str]) -> None:
        connection, turns = self._session.connection, self._session.node.turns
        end, left = turns.clock() + turns.seconds, turns.frames
        while queue and not (self._must_queue() or connection.closing):
            self._process(queue.popleft())
            left -= 1
            if not left or turns.clock() >= end:
                self._wait_for_turn()
                return

    def _wait_for_turn(self) -> None:
        if self._queue and not self._waiting:
            self._waiting = True
            self._session.node.turns.add(self)

    def _process(self, text: str) -> None:
        session = self._session
        try:
            command = decode_command(text)
        except ProtocolError as error:
            self._reject_frame(error)
            return
        number = getattr(command, "id", None)
        try:
            deferred = self._dispatch(command)
        except CommandError as error:
            self._refuse(error, number)
            return
        if deferred is not None:
            # The task makes the coroutine when it runs, so a task that is cancelled earlier leaves none.
            name = type(command).__name__.lower()
            self._task = session.node.tasks.start(self._run(deferred, number), name=name)

    def _dispatch(self, command: Command) -> Deferred | None:  # noqa: C901 - one case for each command
        """Process a command; return the part of it that has to wait, if any. The usual ones come first."""
        session = self._session
        if session.identity is None and type(command) is not Hello:
            raise CommandError(Code.HELLO_FIRST, "No `hello` yet: send `hello` first.")
        match command:
            case Send():
                return (
                    send.send(session, command, self._process_queue)
                    if command.files is None
                    else files.send_files(session, command)
                )
            case Join():
                self._limit_joins()
                return room_commands.join(session, command)
            case Hello():
                hello.hello(session, command)
            case Typing():
                room_commands.typing(session, command)
            case Leave():
                room_commands.leave(session, command)
            case Away():
                presence.away(session, command)
            case SetTopic():
                return topics.set_topic(session, command)
            case Edit() | Delete() | React() | Unreact():
                return changes.change(session, command, self._process_queue)
            case Who() | History() | Search() | Directory() | Read() | ListOwnRooms() | Upload():
                return self._read(command)
            case Refresh():
                hello.refresh(session, command)
            case _:
                assert_never(command)
        return None

    def _read(  # noqa: PLR0911 - one case for each command
        self, command: Who | History | Search | Directory | Read | ListOwnRooms | Upload
    ) -> Deferred | None:
        """Process a command that stores no entry."""
        match command:
            case Who():
                room_commands.who(self._session, command)
                return None
            case History():
                return room_commands.history(self._session, command)
            case Search():
                return search.search(self._session, command)
            case Directory():
                return directory.directory(self._session, command)
            case Read():
                return reading.read(self._session, command)
            case Upload():
                return files.upload(self._session, command)
            case ListOwnRooms():
                return own_rooms.rooms(self._session, command)

    def _limit_joins(self) -> None:
        """Reject a join above the rate, because each one may open a room (RM9)."""
        wait = self._joins.take(monotonic())
        if wait:
            raise rate_limited("join", wait)

    async def _run(self, deferred: Deferred, number: int | None) -> None:
        session = self._session
        try:
            await deferred()
        except CommandError as error:
            self._refuse(error, number)
        except BrokerError as error:
            session.write_error(CommandError(Code.UNAVAILABLE, str(error)), number)
        except Exception:
            session.write_error(CommandError(Code.INTERNAL, "Internal server error."), number)
            raise
        finally:
            self._task = None
            # Not at once: many connections may have a command that ends in this turn of the loop.
            self._wait_for_turn()

    def _refuse(self, error: CommandError, number: int | None) -> None:
        self._session.connection.charge(REFUSED_TOKENS)
        self._session.write_error(error, number)

    def _reject_frame(self, error: ProtocolError) -> None:
        self._session.write_error(CommandError(error.code, str(error)), error.id)
        if self._invalid_frames is None:
            self._invalid_frames = TokenBucket(INVALID_FRAMES_RATE, INVALID_FRAMES_BURST)
        if self._invalid_frames.take(monotonic()):
            self._session.connection.close(Close.BAD_FRAMES, "too many invalid frames")
