"""One client of the load generator: a non-blocking socket that is read in large pieces."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address
from itertools import count
from typing import Final

from tests.bench import wire
from tests.bench.stream import Stream

# Larger than a socket's default buffer, so that one read empties it.
_BUFFER: Final = bytearray(1 << 20)
_VIEW: Final = memoryview(_BUFFER)
_MESSAGE: Final = b'{"type":"message"'
_SENT: Final = b'{"type":"sent"'
# So many clients come from one address of the loopback, because servers limit the connections of an address.
_FROM_EACH: Final = 100
_FIRST_ADDRESS: Final = IPv4Address("127.0.0.1")
# The port is chosen with the connection, so that only the pair of both ends must be free.
_BIND_ADDRESS_NO_PORT: Final = 24

_numbers: Final = count()


class Broken(Exception):
    """The server broke the protocol under this load, so the figures are invalid."""


def _nothing() -> None:
    """Do nothing: a callback that isn't needed."""


class Client:
    """One connection, and its room.

    Attributes:
        name: the user's name.
        position: how many bytes of the room's stream it received.
        joined: whether it is a member.
        answer: the answer to `join`.
        timed: whether the latency of each message is recorded.
        on_joined, on_sent: called at the answers to `join` and to each `send`.
        on_message: called with each message, if it is set; this makes the client a slow reader.
    """

    __slots__ = (
        "_rest", "_upgraded", "answer", "joined", "name", "on_joined", "on_message", "on_sent", "position",
        "room", "socket", "stream", "timed",
    )  # fmt: skip

    def __init__(self, port: int, name: str, room: str, stream: Stream) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)  # noqa: FBT003 - its only argument
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        self.socket.bind((str(_FIRST_ADDRESS + next(_numbers) // _FROM_EACH), 0))
        self.socket.connect_ex(("127.0.0.1", port))
        self.stream = stream
        self.room = room
        self.position = 0
        self.joined = False
        self.answer = wire.Answer("")
        self.on_joined: Callable[[], None] = _nothing
        self.on_sent: Callable[[], None] = _nothing
        self.on_message: Callable[[bytes], None] | None = None
        self.timed = False
        self.name = name
        self._upgraded = False
        self._rest = b""

    def connected(self, port: int) -> None:
        """Send the handshake on the open connection."""
        fault = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if fault:
            raise Broken(f"a connection was refused (error {fault})")
        self.write(wire.upgrade(port))

    def hello(self) -> bytes:
        """Send `hello`."""
        return wire.command(type="hello", id=1, name=self.name)

    def join(self) -> bytes:
        """Send `join`, without earlier messages."""
        return wire.command(type="join", id=2, room=self.room, limit=0)

    def write(self, frame: bytes) -> None:
        """Write a frame. So little is in flight that the socket always accepts it."""
        if self.socket.send(frame) != len(frame):
            raise Broken("the server reads so slowly that a socket is full")

    def readable(self) -> None:
        """Read what arrived: compare it with the stream, or else parse it frame by frame."""
        size = self.socket.recv_into(_BUFFER)
        at = self.position
        # A slice of a bytearray, compared with a view: both are done in C, without parsing.
        if (
            self.stream.data[at : at + size] == _VIEW[:size]
            and size
            and not self._rest
            and self.on_message is None
        ):
            self.position = at + size
        elif size:
            self._take(_BUFFER[:size])
        else:
            raise Broken(f"the server closed the connection of {self.name}")
        if self.timed:
            self.stream.note(at, self.position)

    def _take(self, piece: bytearray) -> None:
        if not self._upgraded:
            data = self._take_upgrade(self._rest + piece)
        elif self._rest:
            data = self._rest + piece
        else:
            # The last piece may have ended inside a frame.
            start = self.stream.start_of(self.position)
            data = bytes(self.stream.data[start : self.position]) + piece
            self.position = start
        start = 0
        while self._upgraded and (found := wire.split(data, start)) is not None:
            head, end = found
            self._take_frame(data[start:end], data[head:end])
            start = end
        self._rest = data[start:]

    def _take_upgrade(self, data: bytes) -> bytes:
        """Process the response to the handshake; return the bytes after it, or an incomplete response."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return data
        if b" 101 " not in data[:20]:
            raise Broken(f"the upgrade was refused: {data[:80]!r}")
        self._upgraded = True
        self.write(self.hello())
        return data[end + 4 :]

    def _take_frame(self, frame: bytes, payload: bytes) -> None:
        if payload.startswith(_MESSAGE):
            self.position = self.stream.take(self.position, frame, payload)
            if self.on_message is not None:
                self.on_message(payload)
        elif payload.startswith(_SENT):
            self.on_sent()
        elif frame[0] == wire.PING:
            self.write(wire.client_frame(wire.PONG, payload))
        elif frame[0] == wire.TEXT:
            self._take_event(payload)
        else:
            raise Broken(f"the server closed: {payload!r}")

    def _take_event(self, payload: bytes) -> None:
        answer = wire.read_answer(payload)
        if answer.type == "welcome":
            self.write(self.join())
        elif answer.type == "joined":
            self.joined = True
            self.answer = answer
            self.on_joined()
        elif answer.type == "error":
            raise Broken(f"the server refused: {answer.code}, {answer.message}")
