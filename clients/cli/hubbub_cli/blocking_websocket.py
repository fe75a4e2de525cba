"""One plain websocket without asyncio: a blocking socket, and the protocol of websockets.

It has what one `send` needs. A server that does something else than usual ends it with an exception, and
the full client takes over: TLS, proxies, redirects and fragments are not here.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, Self

from websockets import frames, http11
from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.protocol import Event
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

_SUBPROTOCOL: Final = Subprotocol("hubbub.v1")
_CHUNK: Final = 65_536
# A bound for any server, as in the full client.
_MOST_BYTES: Final = 64 * 2**20


class Unusual(Exception):
    """Not the usual case."""


class BlockingWebSocket:
    """A websocket from its handshake to its end. A `due` is a time of `time.monotonic`."""

    def __init__(self, url: str, due: float) -> None:
        """Connect.

        Raises:
            OSError: it cannot connect, or not in time.
            Unusual, WebSocketException: the server does not accept `hubbub.v1`.
        """
        uri = parse_uri(url)
        self._protocol = ClientProtocol(uri, subprotocols=[_SUBPROTOCOL], max_size=_MOST_BYTES)
        self._socket = socket.create_connection((uri.host, uri.port), _left(due))
        try:
            self._upgrade(due)
        except BaseException:
            self._socket.close()
            raise

    def _upgrade(self, due: float) -> None:
        request = self._protocol.connect()
        request.headers["User-Agent"] = http11.USER_AGENT
        self._protocol.send_request(request)
        self._flush()
        happened: list[Event] = []
        while not happened:
            happened = self._read(due)
        # A frame before `hello` is one of a node that closes.
        accepted = len(happened) == 1 and isinstance(happened[0], http11.Response)
        if not accepted or self._protocol.subprotocol != _SUBPROTOCOL:
            raise Unusual

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def write(self, text: bytes) -> None:
        """Send a text frame."""
        self._protocol.send_text(text)
        self._flush()

    def receive(self, due: float) -> Iterator[bytes]:
        """Wait for frames, and yield the texts; it may be none, after a ping.

        Raises:
            OSError: none arrived in time, or the connection is lost.
            Unusual: another frame than a whole text, or a close.
        """
        for frame in self._read(due):
            match frame:
                case frames.Frame(opcode=frames.Opcode.TEXT, fin=True):
                    yield bytes(frame.data)
                case frames.Frame(opcode=frames.Opcode.PING | frames.Opcode.PONG):
                    pass  # the protocol has answered
                case _:
                    raise Unusual

    def close(self, due: float) -> None:
        """Close, and wait for the server to do so too. It raises nothing."""
        with suppress(OSError, Unusual, WebSocketException):
            self._protocol.send_close(1000)
            self._flush()
            while True:
                self._read(due)

    def _read(self, due: float) -> list[Event]:
        self._socket.settimeout(_left(due))
        data = self._socket.recv(_CHUNK)
        if not data:
            raise Unusual
        self._protocol.receive_data(data)
        self._flush()
        if self._protocol.handshake_exc or self._protocol.parser_exc:
            raise Unusual
        return self._protocol.events_received()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)


def _left(due: float) -> float:
    """Return the seconds that are left.

    Raises:
        TimeoutError: none.
    """
    left = due - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
