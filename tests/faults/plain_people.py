"""Simulated users of the plain codec: a websocket that speaks texts, and reconnects when it is closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from random import Random
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.faults.history import Place, Recorder, What, digest
from tests.faults.plan import Person
from tests.faults.wire import Wire

_PAUSE: Final = 0.2
_PADDING: Final = (0, 200, 3000)


class PlainUser:
    """One user in one room, with one connection after the other.

    Each connection is a reader of its own: the plain codec has no positions, so what is said between two
    connections is missed.

    Attributes:
        unsettled: nothing, because the plain codec has no answers.
        confirms: whether it learns that its messages are stored.
    """

    confirms: Final = False

    def __init__(self, person: Person, wire: Wire, recorder: Recorder, seed: int) -> None:
        self.name = self.user = person.name
        self.rooms = person.rooms
        self.wire = wire
        self.unsettled: frozenset[str] = frozenset()
        self._pace = person.pace
        [self._room] = person.rooms
        self._recorder = recorder
        self._chance = Random(f"{seed} {person.name}")  # noqa: S311 (repeatable, not secret)
        self._socket: ClientConnection | None = None
        self._connections = 0
        self._sent = 0
        self._last = ""
        self._hearing = asyncio.Event()
        self._hearing.set()
        self._leaving = asyncio.Event()

    @property
    def who(self) -> str:
        """Its connection."""
        return f"{self.name}#{self._connections}"

    def has_read_to(self, room: str, place: Place, key: str) -> bool:  # noqa: ARG002 - it knows no places
        """Return whether it is connected, and a message was the last one that it read."""
        return self._socket is not None and self._last == key

    def is_in(self, room: str) -> bool:
        """Return whether it is connected to a room."""
        return self._socket is not None and room == self._room

    def members(self, room: str) -> list[str]:
        """Return the members of a room, as it knows them: the plain codec has no presence."""
        raise NotImplementedError(room)

    async def live(self) -> None:
        """Be connected until `quit`."""
        self._leaving.clear()
        reading = asyncio.get_running_loop().create_task(self._reconnect())
        await self._leaving.wait()
        reading.cancel()
        await asyncio.wait([reading])

    def quit(self) -> None:
        """Disconnect."""
        self._recorder.note(self.name, What.QUITS)
        self._leaving.set()

    def deafen(self) -> None:
        """Stop reading."""
        self._hearing.clear()

    def read_again(self) -> None:
        """Read again."""
        self._hearing.set()

    def retry_now(self) -> None:
        """Do nothing: it retries all the time."""

    def send_next(self, name: str) -> None:
        """Send nothing: it can't confirm that the last message of a room is stored."""

    async def send_messages(self, seconds: float) -> None:
        """Send messages at random intervals while it is connected."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (wait := self._chance.expovariate(self._pace)) + loop.time() < end:
            await asyncio.sleep(wait)
            if self._socket is not None:
                with suppress(WebSocketException, OSError):
                    await self._send(self._socket)

    async def _send(self, socket: ClientConnection) -> None:
        self._sent += 1
        key = f"{self.name}-{self._room}-{self._sent}"
        text = f"{key} ".ljust(self._chance.choice(_PADDING), ".")
        self._recorder.note(self.who, What.SENDS, room=self._room, key=key, note=digest(text))
        await socket.send(text)

    async def _reconnect(self) -> None:
        note = self._recorder.note
        while True:
            with suppress(WebSocketException, OSError):
                async with aclosing(self._connection()) as texts:
                    async for text in texts:
                        self._last, said = text.split(" ", 1)[0], digest(text)
                        note(self.who, What.HEARS, room=self._room, key=self._last, note=said)
                        await self._hearing.wait()
            await asyncio.sleep(_PAUSE * (1 + self._chance.random()))

    async def _connection(self) -> AsyncGenerator[str]:
        url = f"ws://127.0.0.1:{self.wire.port}/ws?room={self._room}&name={self.name}"
        async with connect(url, compression=None, open_timeout=5, close_timeout=1, ping_interval=5) as socket:
            self._connections += 1
            self._socket = socket
            try:
                async for frame in socket:
                    yield json.loads(frame)
            finally:
                self._socket = None
