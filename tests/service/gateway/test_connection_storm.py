"""Everybody who was on a node that died comes to another one at once: what is read follows from the room."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

import pytest
from typing_extensions import override

from brokers.base import Broker, Page, Position
from brokers.errors import Unavailable
from hubbub_protocol.commands import Since
from service.rooms.history import PAGE
from service.rooms.join_start import find_start
from service.wire.codecs import JSON
from service.wire.messages import Stored, encode_stored
from tests.faults.faulty import Fate, FaultyBroker
from tests.service.outlets import FakeOutlet
from tests.service.serving import Served, serving, until

PEOPLE: Final = 500
KEPT: Final = 1000
ROOM: Final = "lobby"


class Counting(FaultyBroker):
    """Counts what is read, and lets a turn of the loop go by each time, as a network would."""

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner)
        self.reads = 0
        self.asked_heads = 0
        self.away = False

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self.reads += room == ROOM
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("away")
        return await super().history(room, after=after, before=before, limit=limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self.asked_heads += 1
        await asyncio.sleep(0)
        return await super().heads(rooms)


class Resumed:
    """One who comes back behind an offset, and what it is given."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.outlet = FakeOutlet()
        self.recovered = False
        self.given: list[int] = []

    async def join(self, served: Served, limit: int) -> None:
        async with served.node.rooms.open(ROOM) as room:
            start = await find_start(room, Since(served.hub.head(ROOM).epoch, self.since), limit)
            self.recovered = start.recovered
            self.given = [entry.offset for entry in start.entries]
            member = room.enter(self.outlet, JSON, f"p{self.since}")
            room.fanout.add(member, start.epoch, start.cursor)

    @property
    def seen(self) -> list[int]:
        return self.given + self.outlet.offsets()


def fill(served: Served, count: int) -> None:
    stored = Stored(key="k", user="eve", text="hello", at=4_000_000_000_000)  # far from too old
    for _ in range(count):
        served.publish(ROOM, encode_stored(stored))


async def come_back(served: Served, positions: Iterable[int], limit: int = 50) -> list[Resumed]:
    people = [Resumed(since) for since in positions]
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(person.join(served, limit))
    return people


async def until_caught_up(served: Served) -> None:
    room = served.node.rooms.get(ROOM)
    assert room is not None
    await until(lambda: not room.fanout.catching_up)


def counted(served: Served) -> Counting:
    broker = served.node.broker
    assert isinstance(broker, Counting)
    return broker


@pytest.mark.parametrize("limit", [0, 50, 200])
async def test_500_who_resume_at_once_cost_one_walk_through_what_they_lack(limit: int) -> None:
    async with serving(Counting, history_entries=KEPT) as served:
        fill(served, KEPT)
        people = await come_back(served, [KEPT - 2 * number for number in range(PEOPLE)], limit)
        await until_caught_up(served)
        for person in people:
            assert person.recovered
            assert person.seen == list(range(person.since + 1, KEPT + 1))
        # The first page comes with opening the room.
        assert counted(served).reads <= KEPT / PAGE + 1
        close(served)


async def test_what_is_more_than_a_log_can_hold_is_read_once_for_all_too() -> None:
    async with serving(Counting, history_entries=KEPT, log_entries=20) as served:
        fill(served, KEPT)
        people = await come_back(served, [KEPT - 2 * number for number in range(PEOPLE)])
        await until_caught_up(served)
        for person in people:
            assert person.recovered
            assert person.seen == list(range(person.since + 1, KEPT + 1))
        # Upwards for those who join, and again for the rest of what each of them lacks.
        assert counted(served).reads <= 4 * KEPT / PAGE
        close(served)


async def test_those_for_whom_it_is_too_late_are_told_so_without_a_read_each() -> None:
    async with serving(Counting, history_entries=100) as served:
        fill(served, KEPT)
        people = await come_back(served, range(PEOPLE))
        await until_caught_up(served)
        assert not any(person.recovered for person in people)
        assert all(person.seen == list(range(KEPT - 49, KEPT + 1)) for person in people)
        assert counted(served).reads <= 3
        close(served)


async def test_those_who_know_more_than_the_node_cost_one_question() -> None:
    async with serving(Counting, history_entries=KEPT) as served:
        fill(served, 10)
        await come_back(served, [10])
        broker = counted(served)
        broker.fate(*[Fate.DROP] * 10)
        fill(served, 10)
        broker.asked_heads = 0
        people = await come_back(served, [20] * PEOPLE)
        assert all(person.recovered for person in people)
        assert broker.asked_heads == 1
        # The next one shows the hole.
        fill(served, 1)
        await until_caught_up(served)
        assert all(person.seen[-1] == 21 for person in people)
        close(served)


async def test_500_who_come_anew_cost_no_read_of_their_own() -> None:
    async with serving(Counting) as served:
        fill(served, 30)
        async with served.node.rooms.open(ROOM) as room:
            counted(served).reads = 0
            for _ in range(3):
                starts = await asyncio.gather(*(find_start(room, None, 50) for _ in range(PEOPLE)))
                assert {len(start.entries) for start in starts} == {30}
        assert counted(served).reads <= 1


async def test_when_history_can_not_be_read_everybody_learns_it_from_one_try() -> None:
    async with serving(Counting, history_entries=KEPT, log_entries=20) as served:
        fill(served, KEPT)
        await come_back(served, [KEPT])
        broker = counted(served)
        broker.reads, broker.away = 0, True
        async with served.node.rooms.open(ROOM) as room:
            since = [Since(room.log.epoch, number) for number in range(100)]
            answers = await asyncio.gather(
                *(find_start(room, each, 50) for each in since), return_exceptions=True
            )
        assert {type(answer) for answer in answers} == {Unavailable}
        assert broker.reads == 1
        broker.away = False
        close(served)


async def test_one_who_goes_while_it_waits_takes_nobody_with_it() -> None:
    async with serving(Counting, history_entries=KEPT, log_entries=20) as served:
        fill(served, KEPT)
        await come_back(served, [KEPT])
        async with served.node.rooms.open(ROOM) as room:
            history = room.catch_up.history
            tasks = [asyncio.ensure_future(history.after(place)) for place in (10, 20, 900)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            pages = [await tasks[0], await tasks[2]]
        assert [page.entries[0].offset for page in pages] == [11, 901]
        assert [page.more for page in pages] == [True, False]
        close(served)


def close(served: Served) -> None:
    """Let everybody go who is in the room: the fixture looks whether anything is left."""
    room = served.node.rooms.get(ROOM)
    assert room is not None
    for member in [*room.fanout.live()]:
        room.leave(member)
    served.node.rooms.release(room)
