"""A server in the process of a test: it speaks hubbub.v1 over a real socket, and keeps its rooms in memory.

async with MockServer() as server, Client(server.url, name="bot") as chat:
    room = await chat.join("lobby")
    await server.say("lobby", "ann", "hello")
"""

import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Final, Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hubbub_client.keys import new_key
from hubbub_protocol import Code, ProtocolError, commands, decode_command, encode, events

_SUBPROTOCOL: Final = Subprotocol("hubbub.v1")
_LIMITS: Final = events.Limits(frame=65_536, text=4000, rooms=100, sends=1000.0, burst=1000)
_PING: Final = 30_000
_EPOCH: Final = "mock"


@dataclass(slots=True)
class _MockRoom:
    """A room: its messages, and the sockets in it."""

    name: str
    messages: list[events.Message] = field(default_factory=list)
    members: dict[ServerConnection, str] = field(default_factory=dict)
    # Of the members, the users who are listed (PR5).
    listed: dict[ServerConnection, str] = field(default_factory=dict)

    @property
    def head(self) -> int:
        return len(self.messages)

    def present(self) -> events.Members:
        names = sorted(set(self.listed.values()))
        return events.Members(count=len(names), names=names, more=False)


class MockServer:
    """A server for tests, as an async context manager. It has no rate limits, and loses nothing."""

    def __init__(self) -> None:
        self.url = ""
        self._rooms: dict[str, _MockRoom] = {}
        self._users: dict[ServerConnection, str] = {}
        self._listeners: set[ServerConnection] = set()
        self._rejections: list[Code] = []
        self._guests = count(1)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        server = await self._stack.enter_async_context(
            serve(self._serve, "127.0.0.1", 0, subprotocols=[_SUBPROTOCOL])
        )
        port = next(iter(server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # What a test does

    async def say(self, room: str, user: str, text: str, *, kind: str | None = None) -> None:
        """Store a message of a user, and send it to the members."""
        await self._store(self._room(room), user, text, new_key(), kind)

    def texts(self, room: str) -> list[str]:
        """Return the texts of a room, oldest first."""
        return [message.text for message in self._room(room).messages]

    def reject_next_send(self, code: Code = Code.FORBIDDEN) -> None:
        """Reject the next message of a client."""
        self._rejections.append(code)

    async def drop_connections(self) -> None:
        """Close every connection, as a restart does; clients reconnect and recover."""
        for socket in list(self._users):
            await socket.close(1012)

    # The protocol

    async def _serve(self, socket: ServerConnection) -> None:
        try:
            with suppress(ConnectionClosed):
                async for frame in socket:
                    await self._receive(socket, frame)
        finally:
            self._users.pop(socket, None)
            self._listeners.discard(socket)
            for room in self._rooms.values():
                await self._leave(room, socket)

    async def _receive(self, socket: ServerConnection, frame: str | bytes) -> None:
        try:
            command = decode_command(frame)
        except ProtocolError as error:
            await _send(socket, events.Error(code=error.code, message=str(error), retry=False, id=error.id))
            return
        reply = await self._execute(socket, command)
        if reply is not None:
            await _send(socket, reply)

    async def _execute(  # noqa: PLR0911 - one case for each command
        self, socket: ServerConnection, command: commands.Command
    ) -> events.Event | None:
        match command:
            case commands.Hello():
                return self._hello(socket, command)
            case commands.Join():
                return await self._join(socket, command)
            case commands.Leave():
                await self._leave(self._room(command.room), socket)
                return events.Left(id=command.id, room=command.room)
            case commands.Send() | commands.SetTopic():
                return await self._sent(socket, command)
            case commands.History():
                return self._page(command)
            case commands.Who():
                present = self._room(command.room).present()
                names = [name for name in present.names if name > command.after]
                return events.MembersPage(
                    id=command.id, room=command.room, count=present.count, names=names, more=False
                )
            case commands.Typing():
                await self._to_others(socket, events.TypingNow(room=command.room, user=self._users[socket]))
                return None
            case _:
                message = "the mock server has no such command"
                return events.Error(code=Code.UNKNOWN_TYPE, message=message, retry=False, id=command.id)

    def _hello(self, socket: ServerConnection, hello: commands.Hello) -> events.Welcome:
        user = self._users[socket] = hello.name or f"guest-{next(self._guests)}"
        if hello.listener:
            self._listeners.add(socket)
        return events.Welcome(id=hello.id, user=user, session="mock", ping=_PING, time=_now(), limits=_LIMITS)

    async def _join(self, socket: ServerConnection, join: commands.Join) -> events.Joined:
        room, since, user = self._room(join.room), join.since, self._users[socket]
        recovered = since is not None and since.epoch == _EPOCH and since.offset <= room.head
        first = since.offset if since is not None and recovered else max(0, room.head - join.limit)
        room.members[socket] = user
        if socket not in self._listeners:
            joined = () if user in room.listed.values() else (user,)
            room.listed[socket] = user
            await self._presence(room, joined, (), socket)
        return events.Joined(
            id=join.id,
            room=room.name,
            epoch=_EPOCH,
            head=room.head,
            recovered=recovered,
            messages=[*room.messages[first:]],
            members=room.present(),
        )

    async def _sent(self, socket: ServerConnection, send: commands.Send | commands.SetTopic) -> events.Event:
        if self._rejections:
            code = self._rejections.pop(0)
            return events.Error(code=code, message="rejected by the test", retry=code.retry, id=send.id)
        room, user = self._room(send.room), self._users[socket]
        key, event = (send.key, None) if isinstance(send, commands.Send) else (None, "topic")
        known = next((one for one in room.messages if one.key == key and one.user == user), None)
        if known is None:
            stored = await self._store(room, user, send.text, key or new_key(), None, event=event)
        else:
            stored = known
        return events.Sent(id=send.id, epoch=_EPOCH, offset=stored.offset, duplicate=known is not None)

    async def _store(
        self, room: _MockRoom, user: str, text: str, key: str, kind: str | None, *, event: str | None = None
    ) -> events.Message:
        message = events.Message(
            room=room.name,
            offset=room.head + 1,
            prev=room.head,
            key=key,
            user=user,
            text=text,
            at=_now(),
            kind=kind,
            event=event,
        )
        room.messages.append(message)
        for member in list(room.members):
            await _send(member, message)
        return message

    def _page(self, history: commands.History) -> events.MessagesPage:
        before = self._room(history.room).messages[: history.before - 1]
        page = before[max(0, len(before) - history.limit) :]
        return events.MessagesPage(
            id=history.id, room=history.room, messages=page, more=len(page) < len(before)
        )

    async def _leave(self, room: _MockRoom, socket: ServerConnection) -> None:
        room.members.pop(socket, None)
        user = room.listed.pop(socket, None)
        if user is not None and user not in room.listed.values():
            await self._presence(room, (), (user,), socket)

    async def _presence(
        self, room: _MockRoom, joined: tuple[str, ...], left: tuple[str, ...], of: ServerConnection
    ) -> None:
        if joined or left:
            event = events.Presence(
                room=room.name, count=room.present().count, joined=list(joined), left=list(left)
            )
            await self._to_others(of, event)

    async def _to_others(self, of: ServerConnection, event: events.Presence | events.TypingNow) -> None:
        for member in list(self._room(event.room).members):
            if member is not of:
                await _send(member, event)

    def _room(self, name: str) -> _MockRoom:
        return self._rooms.setdefault(name, _MockRoom(name))


async def _send(socket: ServerConnection, event: events.Event) -> None:
    with suppress(ConnectionClosed):
        await socket.send(encode(event), text=True)


def _now() -> int:
    return int(time.time() * 1000)
