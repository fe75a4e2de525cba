"""A client on a raw socket, which can be invalid, slow and silent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, Final, Self, TypeAlias

from tests.service.framing import Frame, FrameReader, Op, close_frame, frame

# The time limit of a failing test (seconds).
PATIENCE: Final = 10.0
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="

Event: TypeAlias = dict[str, Any]


class Ended(Exception):
    """The server ended the connection while more was expected."""


class Peer:
    """One connection to a server. The socket is only read by the methods of the section 'Reading'.

    Attributes:
        codes: the codes of all received close frames.
        pings: the payloads of all received pings. They are not answered.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._frames = FrameReader()
        # Far from the small ids of tests and fuzzers.
        self._commands = 1_000_000
        self._closing = False
        self.codes: list[int] = []
        self.pings: list[bytes] = []

    @classmethod
    async def connect(
        cls, port: int, *, receive_buffer: int | None = None, address: str = "127.0.0.1"
    ) -> Self:
        """Open a TCP connection from an address. A small receive buffer fills up early if nothing is read."""
        sock = socket.socket()
        sock.settimeout(0)
        sock.bind((address, 0))
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock)

    # Opening --------------------------------------------------------------------------------------

    async def upgrade(
        self, path: str = "/ws", *, protocol: str | None = "hubbub.v1", followed_by: bytes = b""
    ) -> str:
        """Open the websocket, with `followed_by` in the same packet. Return the head of the response."""
        await self.write(self.handshake(path, protocol=protocol) + followed_by)
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
        """Read until the server ends the connection."""
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
            Ended: the server ended the connection.
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
        """Read the next text and skip control frames."""
        while (found := await self.frame()).op is not Op.TEXT:
            pass
        return found.data.decode()

    async def event(self, *kinds: str) -> Event:
        """Read the next event of one of these types and skip all others."""
        while True:
            event: Event = json.loads(await self.next_text())
            if event["type"] in kinds:
                return event

    async def ask(self, kind: str, **fields: object) -> Event:
        """Write a command and read its response; skip everything else."""
        number = await self.command(kind, **fields)
        while True:
            event: Event = json.loads(await self.next_text())
            if event.get("id") == number:
                return event

    async def closed(self) -> int:
        """Read until the server ends the connection; return the close code, 1006 without a close frame.

        A close frame of the server is answered.
        """
        try:
            while True:
                if (await self.frame()).op is Op.CLOSE and not self._closing:
                    await self.write(close_frame(self.codes[0]))
        except (Ended, ConnectionError):
            return self.codes[0] if self.codes else 1006

    # Disconnecting --------------------------------------------------------------------------------

    async def leave(self, code: int | None = 1000) -> int:
        """Do the closing handshake; return the code of the server's close frame."""
        self._closing = True
        await self.write(close_frame(code))
        answer = await self.closed()
        self.disconnect()
        return answer

    def disconnect(self) -> None:
        """Close the TCP connection without a close frame."""
        self._sock.close()

    def reset(self) -> None:
        """Reset the TCP connection."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def half_close(self) -> None:
        """Close the sending side of the TCP connection."""
        self._sock.shutdown(socket.SHUT_WR)

    async def _fill(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            data = await asyncio.get_running_loop().sock_recv(self._sock, 1 << 16)
        self._frames.buffer += data
        return bool(data)
