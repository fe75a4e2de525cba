"""Members that are caught up from history, turn by turn of the loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from typing_extensions import override

from brokers.base import BrokerOptions, Entry, Page, Retention
from brokers.memory import MemoryBroker
from service.rooms.catch_up import CatchUp
from service.rooms.changes import ChangeReader
from service.rooms.fanout import Fanout
from service.rooms.history import PAGE, HistoryReader
from service.rooms.log import RoomLog
from service.rooms.slices import PAGE_BYTES, SLICE_BYTES
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from tests.service.outlets import join
from tests.service.rooms.changing import message
from tests.service.rooms.test_changes import Listener
from tests.service.serving import until

COUNT = 50


class LimitsBroker(MemoryBroker):
    """Notes how many entries were asked for after an offset."""

    def __init__(self) -> None:
        super().__init__(BrokerOptions(retention=Retention(entries=1_000)))
        self.limits: list[int] = []

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        if after is not None:
            self.limits.append(limit)
        return await super().history(room, after=after, before=before, limit=limit)


class Turns:
    """Turns of the loop, which the test gives one by one."""

    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        await turn

    async def give(self) -> None:
        """Give the next turn, and wait until its work is done."""
        await until(lambda: self.waiting)
        self.waiting.popleft().set_result(None)
        for _ in range(5):
            await asyncio.sleep(0)


class Stage:
    """A room whose log has the last entry only, and a history of `COUNT` entries."""

    def __init__(self) -> None:
        self.broker = LimitsBroker()
        self.turns = Turns()
        self.tasks = Tasks()
        self.log = RoomLog(b'"room"', max_entries=1, max_bytes=1 << 20)
        changes = ChangeReader("room", self.broker, self.log, turn=self.turns)
        self.catch_up = CatchUp(self.log, self.broker, self.tasks, Metrics(), changes)
        self.fanout = Fanout(self.log, Metrics(), recover=self.catch_up.recover, caught_up=lambda _: None)

    async def start(self, text: str) -> None:
        await self.broker.start(Listener())
        for offset in range(1, COUNT + 1):
            await self.broker.publish("room", message(offset, text).payload, key=f"{offset}")
        page = await self.broker.history("room", limit=1)
        self.log.restart(page.head.epoch, COUNT - 1)
        self.fanout.append(page.entries[0])
        self.fanout.flush_now()

    @property
    def epoch(self) -> str:
        return self.log.epoch


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.fanout.close()
    await made.tasks.close()
    await made.broker.close()


async def test_long_entries_are_written_in_slices_of_a_turn_each(stage: Stage) -> None:
    await stage.start("x" * 16_000)
    member, outlet = join(stage.fanout, stage.epoch, 0)
    written = [0]
    while not member.live:
        await stage.turns.give()
        written.append(sum(map(len, outlet.writes)))
    assert max(after - before for before, after in pairwise(written)) < 2 * SLICE_BYTES
    assert outlet.offsets() == list(range(1, COUNT + 1))


async def test_no_slice_is_written_to_a_member_whose_transport_is_full(stage: Stage) -> None:
    await stage.start("x" * 16_000)
    member, outlet = join(stage.fanout, stage.epoch, 0, room=1)
    while not (outlet.paused and not member.recovering):
        await stage.turns.give()
    assert (len(outlet.writes), member.live) == (1, False)
    outlet.drain()
    stage.fanout.resumed(member)
    while not member.live:
        await stage.turns.give()
    assert outlet.offsets() == list(range(1, COUNT + 1))


async def test_members_that_wait_for_one_read_have_a_turn_of_their_own_each(stage: Stage) -> None:
    await stage.start("short")
    joined = [join(stage.fanout, stage.epoch, 0) for _ in range(5)]
    await until(lambda: len(stage.turns.waiting) == 5)
    for served in range(6):
        assert sum(member.live for member, _ in joined) == served
        if served < 5:
            await stage.turns.give()
    assert stage.broker.limits == [PAGE]
    assert all(outlet.offsets() == list(range(1, COUNT + 1)) for _, outlet in joined)


async def test_a_page_is_cut_before_it_is_redacted_and_the_next_read_is_as_long_as_fits(
    stage: Stage,
) -> None:
    await stage.start("x" * 16_000)
    redacted: list[int] = []

    async def redact(entries: Sequence[Entry]) -> list[Entry]:
        redacted.append(sum(len(entry.payload) for entry in entries))
        return list(entries)

    history = HistoryReader("room", stage.log, stage.broker, stage.tasks, redact)
    found: list[int] = []
    while len(found) < COUNT:
        page = await history.after(len(found))
        found += (entry.offset for entry in page.entries)
        assert page.more == (len(found) < COUNT)
    assert found == list(range(1, COUNT + 1))
    assert max(redacted) <= PAGE_BYTES
    assert stage.broker.limits[0] == PAGE
    assert max(stage.broker.limits[1:]) == PAGE_BYTES // len(message(COUNT, "x" * 16_000).payload)
