"""All clients of a dead node reconnect to another one: the reads depend on the room, not on their number."""

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
from service.wire.messages import MessagePayload, encode_stored
from tests.faults.faulty import Fate, FaultyBroker
from tests.service.outlets import FakeOutlet
from tests.service.serving import Served, serving, until

CLIENTS: Final = 500
KEPT: Final = 1000
ROOM: Final = "lobby"


class CountingBroker(FaultyBroker):
    """Counts reads. Each one takes a turn of the loop, as it would with a network."""

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner)
        self.reads = 0
        self.head_requests = 0
        self.unreachable = False

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self.reads += room == ROOM
        await asyncio.sleep(0)
        if self.unreachable:
            raise Unavailable("unreachable")
        return await super().history(room, after=after, before=before, limit=limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self.head_requests += 1
        await asyncio.sleep(0)
        return await super().heads(rooms)


class ResumingClient:
    """A client that resumes after an offset, and the messages that it receives."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.outlet = FakeOutlet()
        self.recovered = False
        self.initial: list[int] = []

    async def join(self, served: Served, limit: int) -> None:
        async with served.node.rooms.open(ROOM) as room:
            start = await find_start(room, Since(served.hub.head(ROOM).epoch, self.since), limit)
            self.recovered = start.recovered
            self.initial = [entry.offset for entry in start.entries]
            member = room.enter(self.outlet, JSON, f"p{self.since}")
            room.fanout.add(member, start.epoch, start.cursor)

    @property
    def received(self) -> list[int]:
        return self.initial + self.outlet.offsets()


def fill(served: Served, count: int) -> None:
    message = MessagePayload(
        key="k", user="eve", user_id="eve", kind="guest", text="hello", at=4_000_000_000_000
    )  # never too old
    for _ in range(count):
        served.publish(ROOM, encode_stored(message))


async def resume(served: Served, positions: Iterable[int], limit: int = 50) -> list[ResumingClient]:
    clients = [ResumingClient(since) for since in positions]
    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.join(served, limit))
    return clients


async def until_caught_up(served: Served) -> None:
    room = served.node.rooms.get(ROOM)
    assert room is not None
    await until(lambda: not room.fanout.catching_up)


def counting(served: Served) -> CountingBroker:
    broker = served.node.broker
    assert isinstance(broker, CountingBroker)
    return broker


@pytest.mark.parametrize("limit", [0, 50, 200])
async def test_500_clients_that_resume_at_once_share_one_read_of_the_history(limit: int) -> None:
    async with serving(CountingBroker, history_entries=KEPT) as served:
        fill(served, KEPT)
        clients = await resume(served, [KEPT - 2 * number for number in range(CLIENTS)], limit)
        await until_caught_up(served)
        for client in clients:
            assert client.recovered
            assert client.received == list(range(client.since + 1, KEPT + 1))
        # Opening the room reads the first page.
        assert counting(served).reads <= KEPT / PAGE + 1
        close(served)


async def test_history_beyond_the_size_of_the_log_is_read_once_for_all_clients() -> None:
    async with serving(CountingBroker, history_entries=KEPT, log_entries=20) as served:
        fill(served, KEPT)
        clients = await resume(served, [KEPT - 2 * number for number in range(CLIENTS)])
        await until_caught_up(served)
        for client in clients:
            assert client.recovered
            assert client.received == list(range(client.since + 1, KEPT + 1))
        # Upwards for the joins, and again for the rest of each client's gap.
        assert counting(served).reads <= 4 * KEPT / PAGE
        close(served)


async def test_clients_whose_position_was_trimmed_learn_it_without_a_read_for_each() -> None:
    async with serving(CountingBroker, history_entries=100) as served:
        fill(served, KEPT)
        clients = await resume(served, range(CLIENTS))
        await until_caught_up(served)
        assert not any(client.recovered for client in clients)
        assert all(client.received == list(range(KEPT - 49, KEPT + 1)) for client in clients)
        assert counting(served).reads <= 3
        close(served)


async def test_clients_ahead_of_the_node_cost_one_request_for_heads() -> None:
    async with serving(CountingBroker, history_entries=KEPT) as served:
        fill(served, 10)
        await resume(served, [10])
        broker = counting(served)
        broker.fate(*[Fate.DROP] * 10)
        fill(served, 10)
        broker.head_requests = 0
        clients = await resume(served, [20] * CLIENTS)
        assert all(client.recovered for client in clients)
        assert broker.head_requests == 1
        # The next entry shows the gap.
        fill(served, 1)
        await until_caught_up(served)
        assert all(client.received[-1] == 21 for client in clients)
        close(served)


async def test_500_clients_without_a_position_cost_no_read_for_each() -> None:
    async with serving(CountingBroker) as served:
        fill(served, 30)
        async with served.node.rooms.open(ROOM) as room:
            counting(served).reads = 0
            for _ in range(3):
                starts = await asyncio.gather(*(find_start(room, None, 50) for _ in range(CLIENTS)))
                assert {len(start.entries) for start in starts} == {30}
        assert counting(served).reads <= 1


async def test_a_failed_read_of_the_history_fails_all_joins_at_once() -> None:
    async with serving(CountingBroker, history_entries=KEPT, log_entries=20) as served:
        fill(served, KEPT)
        await resume(served, [KEPT])
        broker = counting(served)
        broker.reads, broker.unreachable = 0, True
        async with served.node.rooms.open(ROOM) as room:
            since = [Since(room.log.epoch, number) for number in range(100)]
            results = await asyncio.gather(
                *(find_start(room, each, 50) for each in since), return_exceptions=True
            )
        assert {type(result) for result in results} == {Unavailable}
        assert broker.reads == 1
        broker.unreachable = False
        close(served)


async def test_a_cancelled_join_does_not_cancel_the_shared_read() -> None:
    async with serving(CountingBroker, history_entries=KEPT, log_entries=20) as served:
        fill(served, KEPT)
        await resume(served, [KEPT])
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
    """Remove all members from the room, because the fixture checks for leftovers."""
    room = served.node.rooms.get(ROOM)
    assert room is not None
    for member in [*room.fanout.live()]:
        room.leave(member)
    served.node.rooms.release(room)
