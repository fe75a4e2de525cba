"""Load a server: members of one room send in turn, and measure when each message arrives everywhere."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from hubbub_cli.connection import connected, enter
from hubbub_cli.latency_histogram import LatencyHistogram
from hubbub_cli.settings import CliSettings
from hubbub_client import HubbubError, Message, Room

# Handshakes at the same time.
_AT_ONCE: Final = 10
# In seconds: how long the last messages may take.
_REST: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchLoad:
    """The members of the room, their messages a second together, for how long, and characters in each."""

    members: int
    rate: float
    seconds: float
    size: int

    @property
    def messages(self) -> int:
        return max(1, round(self.rate * self.seconds))


@dataclass(slots=True)
class BenchResult:
    """What was measured so far. `rejected` maps an error code to the number of messages."""

    load: BenchLoad
    connected: int = 0
    sent: int = 0
    seconds: float = 0.0
    delivery: LatencyHistogram = field(default_factory=LatencyHistogram)
    storing: LatencyHistogram = field(default_factory=LatencyHistogram)
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """Deliveries of stored messages that did not arrive."""
        return self.storing.count * self.load.members - self.delivery.count


class BenchRun:
    """One run. `show` is called with the result so far whenever it changes."""

    def __init__(self, settings: CliSettings, load: BenchLoad, show: Callable[[BenchResult], None]) -> None:
        self._settings = settings
        self._load = load
        self._show = show
        self._result = BenchResult(load)
        self._sent_at: dict[str, float] = {}
        self._text = "x" * load.size
        self._rooms: list[Room] = []
        self._all_joined = asyncio.Event()
        self._all_arrived = asyncio.Event()

    async def run(self) -> BenchResult:
        """Connect all members, send, and wait until everything arrived.

        Raises:
            CliError: a member can't connect or join.
        """
        name = f"bench-{secrets.token_hex(4)}"
        slots = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            members = [tasks.create_task(self._member(slots, name)) for _ in range(self._load.members)]
            await self._all_joined.wait()
            began = perf_counter()
            await self._send_all(began)
            self._result.seconds = perf_counter() - began
            await self._wait_for_rest()
            for member in members:
                member.cancel()
        return self._result

    async def _member(self, slots: asyncio.Semaphore, name: str) -> None:
        """Connect, join, and read until it is cancelled."""
        async with AsyncExitStack() as stack:
            async with slots:
                chat = await stack.enter_async_context(connected(self._settings, speaks=False))
                room = await enter(chat, name, self._settings.connect_timeout)
            self._rooms.append(room)
            self._result.connected += 1
            self._show(self._result)
            if self._result.connected == self._load.members:
                self._all_joined.set()
            await self._read(room)

    async def _read(self, room: Room) -> None:
        async for event in room:
            if isinstance(event, Message):
                self._result.delivery.add(perf_counter() - self._sent_at[event.key])
                self._show(self._result)
                self._check_rest()

    async def _send_all(self, began: float) -> None:
        async with asyncio.TaskGroup() as sending:
            for number in range(self._load.messages):
                # From the plan, not from the last message: a slow moment must not lower the load.
                await asyncio.sleep(began + number / self._load.rate - perf_counter())
                sending.create_task(self._send(self._rooms[number % len(self._rooms)]))

    async def _send(self, room: Room) -> None:
        key = secrets.token_hex(8)
        began = self._sent_at[key] = perf_counter()
        self._result.sent += 1
        try:
            await room.send(self._text, key)
        except HubbubError as error:
            code = str(getattr(error, "code", "timeout"))
            self._result.rejected[code] = self._result.rejected.get(code, 0) + 1
        else:
            self._result.storing.add(perf_counter() - began)

    async def _wait_for_rest(self) -> None:
        self._check_rest()
        # After that the report names what is missing.
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_arrived.wait(), _REST)

    def _check_rest(self) -> None:
        if self._result.seconds and not self._result.missing:
            self._all_arrived.set()
