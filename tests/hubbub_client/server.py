"""A scripted server: it sends only what a test specifies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hubbub_client.websocket import SUBPROTOCOL
from hubbub_protocol import commands, decode_command, encode, events
from hubbub_protocol.events import Joined, Limits, Members, Message, Sent, Welcome

# In seconds. A healthy test receives each frame faster.
LIMIT: Final = 5

LIMITS: Final = Limits(frame=65536, text=4000, rooms=100, sends=10, burst=20)


class Talk:
    """One connection, on the side of the server."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket

    @property
    def path(self) -> str:
        """The requested path, with its query."""
        assert self._socket.request is not None
        return self._socket.request.path

    async def receive(self) -> commands.Command:
        async with asyncio.timeout(LIMIT):
            return decode_command(await self._socket.recv())

    async def say(self, *said: events.Event) -> None:
        for event in said:
            await self._socket.send(encode(event).decode())

    async def say_text(self, text: str) -> None:
        await self._socket.send(text)

    def stop_reading(self) -> None:
        """Read no more: the client's close stays unanswered."""
        self._socket.transport.pause_reading()

    def abort(self) -> None:
        """Drop the connection."""
        self._socket.transport.abort()

    async def close(self, code: int) -> None:
        await self._socket.close(code)

    async def closed(self) -> int | None:
        """Wait until the client closes; return its code."""
        async with asyncio.timeout(LIMIT):
            try:
                while True:
                    await self._socket.recv()
            except ConnectionClosed:
                return self._socket.close_code

    async def greet(self, user: str = "ann") -> commands.Hello:
        hello = await self.receive()
        assert isinstance(hello, commands.Hello)
        await self.say(Welcome(id=hello.id, user=user, session="s1", ping=25000, time=0, limits=LIMITS))
        return hello

    async def let_in(self, *messages: Message, recovered: bool = False, epoch: str = "e1") -> commands.Join:
        join = await self.receive()
        assert isinstance(join, commands.Join)
        head = messages[-1].offset if messages else join.since.offset if join.since else 0
        await self.say(
            Joined(
                id=join.id,
                room=join.room,
                epoch=epoch,
                head=head,
                recovered=recovered,
                messages=list(messages),
                members=Members(count=1, names=["ann"], more=False),
            )
        )
        return join

    async def take(self, offset: int, *, duplicate: bool = False) -> commands.Send:
        """Acknowledge the next message at this offset."""
        send = await self.receive()
        assert isinstance(send, commands.Send)
        await self.say(Sent(id=send.id, epoch="e1", offset=offset, duplicate=duplicate))
        return send


class Server:
    """The server that the client connects to."""

    def __init__(self) -> None:
        self._talks: asyncio.Queue[Talk] = asyncio.Queue()
        self.url = ""

    async def accept(self) -> Talk:
        async with asyncio.timeout(LIMIT):
            return await self._talks.get()

    async def _serve(self, socket: ServerConnection) -> None:
        self._talks.put_nowait(Talk(socket))
        await socket.wait_closed()


@asynccontextmanager
async def serving(*, subprotocol: bool = True, tls: SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server()
    offered: list[Subprotocol] | None = [SUBPROTOCOL] if subprotocol else None
    handle = server._serve  # noqa: SLF001 - its own
    async with serve(handle, "127.0.0.1", 0, subprotocols=offered, ping_interval=None, ssl=tls) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{port}"
        yield server


def message(offset: int, text: str, *, user: str = "bob", key: str = "x", prev: int | None = None) -> Message:
    before = offset - 1 if prev is None else prev
    return Message(room="lobby", offset=offset, prev=before, key=key, user=user, text=text, at=offset)
