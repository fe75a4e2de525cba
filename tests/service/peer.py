"""A client of raw sockets, which can be as wrong, as slow and as silent as a test needs it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, Final, Self, TypeAlias

from tests.service.framing import Frame, FrameReader, Op, close_frame, frame

# Only a failing test waits for so long (seconds).
PATIENCE: Final = 10.0
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="

Event: TypeAlias = dict[str, Any]


class Ended(Exception):
    """The server ended the connection while more was expected."""


class Peer:
    """One connection to a server. Nothing is read from the socket unless a test asks for it.

    Attributes:
        codes: the codes of all close frames that came.
        pings: what the pings that were read held. They are not answered.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._frames = FrameReader()
        # Far from the small ids that tests and fuzzers like to choose themselves.
        self._commands = 1_000_000
        self._closing = False
        self.codes: list[int] = []
        self.pings: list[bytes] = []

    @classmethod
    async def connect(cls, port: int, *, receive_buffer: int | None = None) -> Self:
        """Open a TCP connection; a small receive buffer makes a slow reader sooner felt."""
        sock = socket.socket()
        sock.settimeout(0)
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    # Opening --------------------------------------------------------------------------------------

    async def upgrade(
        self, path: str = "/ws", *, protocol: str | None = "hubbub.v1", and_then: bytes = b""
    ) -> str:
        """Open the websocket; `and_then` goes out in the same packet. Return the response's head."""
        await self.write(self.handshake(path, protocol=protocol) + and_then)
        head = await self.head()
        if not head.startswith("HTTP/1.1 101 "):
            raise Ended(head)
        return head

    @staticmethod
    def handshake(
        path: str = "/ws",
        *,
        key: str = KEY,
        protocol: str | None = "hubbub.v1",
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Write the request of RFC 6455, 4.1."""
        lines = {
            "Host": "127.0.0.1",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
        }
        if protocol is not None:
            lines["Sec-WebSocket-Protocol"] = protocol
        lines |= headers or {}
        return "\r\n".join(
            [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
        ).encode()

    async def head(self) -> str:
        """Read a response's head."""
        buffer = self._frames.buffer
        while b"\r\n\r\n" not in buffer:
            if not await self._fill():
                raise Ended(bytes(buffer).decode())
        end = buffer.index(b"\r\n\r\n") + 4
        head = bytes(buffer[:end]).decode()
        del buffer[:end]
        return head

    async def rest(self) -> bytes:
        """Read all that comes until the server ends the connection."""
        while await self._fill():
            pass
        return bytes(self._frames.buffer)

    # Writing --------------------------------------------------------------------------------------

    async def write(self, data: bytes) -> None:
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_sendall(self._sock, data)

    async def text(self, text: str) -> None:
        """Write one text frame."""
        await self.write(frame(text))

    async def command(self, kind: str, **fields: object) -> int:
        """Write a command; return its id."""
        self._commands += 1
        await self.text(json.dumps({"type": kind, "id": self._commands, **fields}))
        return self._commands

    # Reading --------------------------------------------------------------------------------------

    async def frame(self) -> Frame:
        """Read the next frame.

        Raises:
            Ended: there is none.
        """
        while (found := self._frames.next()) is None:
            if not await self._fill():
                raise Ended(f"closed with {self.codes}")
        if found.op is Op.CLOSE:
            self.codes.append(found.code)
        elif found.op is Op.PING:
            self.pings.append(found.data)
        return found

    async def next_text(self) -> str:
        """Read the next text, past control frames."""
        while (found := await self.frame()).op is not Op.TEXT:
            pass
        return found.data.decode()

    async def event(self, *kinds: str) -> Event:
        """Read the next event of one of these types, past all others."""
        while True:
            event: Event = json.loads(await self.next_text())
            if event["type"] in kinds:
                return event

    async def ask(self, kind: str, **fields: object) -> Event:
        """Write a command and read its answer, past all else."""
        number = await self.command(kind, **fields)
        while True:
            event: Event = json.loads(await self.next_text())
            if event.get("id") == number:
                return event

    async def closed(self) -> int:
        """Read until the server ends the connection; return the close code, 1006 if it said none.

        A close that the server began is answered.
        """
        try:
            while True:
                if (await self.frame()).op is Op.CLOSE and not self._closing:
                    await self.write(close_frame(self.codes[0]))
        except (Ended, ConnectionError):
            return self.codes[0] if self.codes else 1006

    # Going away -----------------------------------------------------------------------------------

    async def leave(self, code: int | None = 1000) -> int:
        """Close as one should; return what the server answered."""
        self._closing = True
        await self.write(close_frame(code))
        answer = await self.closed()
        self.vanish()
        return answer

    def vanish(self) -> None:
        """Close the TCP connection without a word."""
        self._sock.close()

    def reset(self) -> None:
        """Break the TCP connection off."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def say_no_more(self) -> None:
        """End the TCP connection in one direction only."""
        self._sock.shutdown(socket.SHUT_WR)

    async def _fill(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            data = await asyncio.get_running_loop().sock_recv(self._sock, 1 << 16)
        self._frames.buffer += data
        return bool(data)
