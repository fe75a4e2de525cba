"""One client of a dialogue: a websocket that does only what a step says, protocol violations included."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

# In seconds. A healthy server replies faster.
LIMIT: Final = 5.0
_PONG: Final = 0x8A


class Closed(Exception):
    """The server closed the connection."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Peer:
    """A connection to the server under test. Received events are read one at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: ClientProtocol
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = protocol
        self._frames: list[Frame] = []
        self.silent = False
        # Events that were read too early.
        self.put_back: list[str] = []

    @classmethod
    async def open(cls, port: int, *, query: str = "", subprotocol: str | None = "hubbub.v1") -> Peer:
        uri = parse_uri(f"ws://127.0.0.1:{port}/ws{query}")
        wanted = None if subprotocol is None else [Subprotocol(subprotocol)]
        protocol = ClientProtocol(uri, subprotocols=wanted, max_size=None)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
        peer = cls(reader, writer, protocol)
        protocol.send_request(protocol.connect())
        peer._flush()
        while protocol.state is State.CONNECTING:
            await peer._read()
        if protocol.handshake_exc is not None:
            raise protocol.handshake_exc
        return peer

    def send(self, text: str | bytes) -> None:
        self._protocol.send_text(text.encode() if isinstance(text, str) else text)
        self._flush()

    def send_binary(self, data: bytes) -> None:
        self._protocol.send_binary(data)
        self._flush()

    def close(self, code: int) -> None:
        self._protocol.send_close(code)
        self._flush()

    async def receive(self, limit: float = LIMIT) -> str:
        """Return the next text frame.

        Raises:
            Closed: the server closed the connection, and every frame was read.
            TimeoutError: no frame arrived within `limit` seconds.
        """
        if self.put_back:
            return self.put_back.pop(0)
        async with asyncio.timeout(limit):
            while True:
                while self._frames:
                    frame = self._frames.pop(0)
                    if frame.opcode is Opcode.TEXT:
                        return bytes(frame.data).decode()
                if self._protocol.state is State.CLOSED or self._protocol.close_rcvd is not None:
                    received = self._protocol.close_rcvd
                    raise Closed(received.code if received else 1006)
                await self._read()

    async def receive_event(self, limit: float = LIMIT) -> dict[str, object]:
        event = json.loads(await self.receive(limit))
        assert isinstance(event, dict)
        return event

    async def ended(self) -> None:
        self._writer.close()

    async def _read(self) -> None:
        data = await self._reader.read(1 << 16)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._frames += [event for event in self._protocol.events_received() if isinstance(event, Frame)]
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data and not (self.silent and data[0] == _PONG):
                self._writer.write(data)
