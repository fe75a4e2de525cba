"""Other users, measured: how long a message takes to come back, and how long a newcomer takes to join."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import Any, Final, Self

from tests.service.framing import FrameReader, Op, frame
from tests.service.peer import Peer

USERS: Final = 10
# Messages of one user: below its limit of 20 a second (seconds).
_INTERVAL: Final = 1 / 12
_NEWCOMERS_INTERVAL: Final = 0.25
_PATIENCE: Final = 30.0
_MILLI: Final = 1000.0


@dataclass(slots=True)
class Measured:
    """What users noticed. Times are in milliseconds."""

    messages: list[float] = field(default_factory=list)
    newcomers: list[float] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """Return a percentile of the messages' times."""
        return quantiles(self.messages, n=100, method="inclusive")[percent - 1]


class User:
    """One well-behaved user in a room."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._frames = FrameReader()
        self.joined: dict[str, Any] = {}

    @classmethod
    async def enter(cls, port: int, room: str) -> Self:
        """Connect and join a room."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        user = cls(reader, writer)
        writer.write(Peer.handshake())
        await reader.readuntil(b"\r\n\r\n")
        await user._command("welcome", type="hello", id=1)
        user.joined = await user._command("joined", type="join", id=2, room=room, limit=200)
        return user

    async def say(self, room: str, key: str) -> float:
        """Send a message; return the milliseconds until it came back."""
        started = perf_counter()
        self._write(type="send", id=3, room=room, text="hello", key=key)
        while (await self._event()).get("key") != key:
            pass
        return (perf_counter() - started) * _MILLI

    def leave(self) -> None:
        """Disconnect."""
        self._writer.transport.abort()

    async def _command(self, answer: str, **fields: object) -> dict[str, Any]:
        self._write(**fields)
        while (event := await self._event())["type"] != answer:
            if event["type"] == "error":
                raise RuntimeError(f"refused: {event}")
        return event

    def _write(self, **fields: object) -> None:
        self._writer.write(frame(json.dumps(fields)))

    async def _event(self) -> dict[str, Any]:
        while True:
            found = self._frames.next()
            if found is None:
                data = await self._reader.read(1 << 16)
                if not data:
                    raise ConnectionError("a user lost its connection")
                self._frames.buffer += data
            elif found.op is Op.TEXT:
                event: dict[str, Any] = json.loads(found.data)
                return event
            elif found.op is Op.PING:
                self._writer.write(frame(found.data, Op.PONG))


async def store(port: int, room: str, count: int) -> None:
    """Store messages in a room that has no members during the attack."""
    user = await User.enter(port, room)
    for number in range(count):
        await user.say(room, f"stored-{number}")
    user.leave()


async def stored(port: int, room: str) -> int:
    """Return how many messages a room has."""
    user = await User.enter(port, room)
    user.leave()
    return len(user.joined["messages"])


@asynccontextmanager
async def crowd(port: int) -> AsyncIterator[list[User]]:
    """Connect users for the time of the block, two in a room."""
    users = [await User.enter(port, f"room-{number // 2}") for number in range(USERS)]
    yield users
    for user in users:
        user.leave()


async def measure(port: int, users: list[User], seconds: float) -> Measured:
    """Let the users chat, and newcomers join, for some seconds."""
    measured = Measured()
    async with asyncio.timeout(seconds + _PATIENCE), asyncio.TaskGroup() as group:
        end = perf_counter() + seconds
        for number, user in enumerate(users):
            group.create_task(_chat(user, number, end, measured))
        group.create_task(_arrive(port, end, measured))
    return measured


async def _chat(user: User, number: int, end: float, measured: Measured) -> None:
    await asyncio.sleep(number * _INTERVAL / USERS)
    count = 0
    while perf_counter() < end:
        key = f"u{number}-{int(end * _MILLI)}-{count}"
        took = await user.say(f"room-{number // 2}", key)
        measured.messages.append(took)
        count += 1
        await asyncio.sleep(max(0.0, _INTERVAL - took / _MILLI))


async def _arrive(port: int, end: float, measured: Measured) -> None:
    while perf_counter() < end:
        started = perf_counter()
        (await User.enter(port, "newcomers")).leave()
        measured.newcomers.append((perf_counter() - started) * _MILLI)
        await asyncio.sleep(_NEWCOMERS_INTERVAL)
