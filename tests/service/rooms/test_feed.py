"""The feed: whatever the broker does, entries are delivered in order and once, and a gap is reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import repeat

import pytest

from brokers.base import BrokerOptions, Entry, Page, Position, Retention
from brokers.memory import Hub, MemoryBroker
from service.rooms.feed import Feed
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from tests.faults.faulty import Fate, FaultyBroker, seeded
from tests.service.serving import until

ROOM = "lobby"


class Node:
    """A node with one room's feed, on a faulty broker; it records what the feed delivers."""

    def __init__(self, fates: Iterable[Fate] = repeat(Fate.PASS)) -> None:
        options = BrokerOptions(retention=Retention(entries=1000))
        self.hub = Hub(options)
        self.broker = FaultyBroker(MemoryBroker(options, self.hub), fates=fates)
        self.metrics = Metrics()
        self.tasks = Tasks(self.metrics.task_failed)
        self.delivered: list[int] = []
        self.resets: list[Position] = []
        self.reads = 0
        self.feed = Feed(
            ROOM,
            self.broker,
            self.tasks,
            self.metrics,
            backoff=lambda: Backoff(0.001, 1.0),
            deliver=self._record,
            restart=self.resets.append,
        )

    def _record(self, entry: Entry) -> None:
        self.delivered.append(entry.offset)

    def deliver(self, entry: Entry) -> None:
        self.feed.accept(entry)

    def signal(self, room: str, payload: bytes) -> None:
        """Ignore signals."""

    def lost(self, reason: str) -> None:
        """Ignore it: `restored` follows."""

    def restored(self) -> None:
        self.feed.compare(self.hub.head(ROOM), self.feed.position)

    async def start(self) -> None:
        await self.broker.start(self)
        self.feed.begin(await self.broker.subscribe(ROOM))

    def publish(self, count: int) -> None:
        for _ in range(count):
            self.hub.publish(ROOM, b"{}", f"{self.hub.head(ROOM)}")

    async def caught_up(self) -> None:
        """Wait until the feed has all entries of the hub."""
        await until(lambda: self.feed.position == self.hub.head(ROOM), lambda: self.delivered[-3:])
        await until(lambda: not self.tasks.running)


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    made = Node()
    await made.start()
    yield made
    await made.tasks.close()
    await made.broker.close()
    assert made.metrics.task_failures == 0


async def test_entries_are_delivered_at_once(node: Node) -> None:
    node.publish(3)
    assert (node.delivered, node.metrics.gap_repairs) == ([1, 2, 3], 0)


async def test_dropped_entries_are_read_once_and_in_order(node: Node) -> None:
    node.broker.fate(Fate.PASS, Fate.DROP, Fate.DROP)
    node.publish(6)
    await node.caught_up()
    assert (node.delivered, node.resets, node.metrics.gap_repairs) == ([1, 2, 3, 4, 5, 6], [], 1)


async def test_duplicates_are_ignored(node: Node) -> None:
    node.broker.fate(Fate.DUPLICATE, Fate.DUPLICATE, Fate.DUPLICATE)
    node.publish(3)
    assert (node.delivered, node.metrics.gap_repairs) == ([1, 2, 3], 0)


@pytest.mark.parametrize("seed", range(5))
async def test_dropped_duplicate_and_late_entries_are_delivered_in_order_and_once(seed: int) -> None:
    node = Node(seeded(seed, drop=0.2, duplicate=0.2, delay=0.2))
    await node.start()
    for _ in range(60):
        node.publish(5)
        await asyncio.sleep(0)
    node.restored()
    await node.caught_up()
    assert (node.delivered, node.resets) == (list(range(1, 301)), [])
    await node.tasks.close()


async def test_a_late_entry_does_not_hide_the_furthest_position(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = node.broker.history

    async def lagging(room: str, *, after: int | None = None, before: int | None = None, limit: int) -> Page:
        """Answer the first read like a lagging replica, with only the first entry."""
        monkeypatch.setattr(node.broker, "history", read)
        page = await read(room, after=after, before=before, limit=limit)
        first = page.entries[:1]
        node.feed.accept(first[0])
        return page._replace(entries=first, head=Position(page.head.epoch, 1), more=False)

    monkeypatch.setattr(node.broker, "history", lagging)
    node.broker.fate(Fate.DROP, Fate.DROP)
    node.publish(3)
    await node.caught_up()
    assert node.delivered == [1, 2, 3]


async def test_after_an_outage_the_heads_are_compared_at_once(node: Node) -> None:
    node.publish(1)
    node.broker.cut()
    node.publish(700)
    assert node.delivered == [1]
    node.broker.mend()
    await node.caught_up()
    assert (node.delivered, node.metrics.gap_repairs) == (list(range(1, 702)), 1)


async def test_a_repair_retries_while_the_broker_is_unreachable(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    node.broker.fate(Fate.DROP)
    node.publish(2)
    node.broker.cut()
    await until(lambda: any(record.message == "gap_repair_retry" for record in caplog.records))
    node.broker.mend()
    await node.caught_up()
    assert node.delivered == [1, 2]


async def test_a_trimmed_gap_is_reported_and_the_feed_continues_after_it(node: Node) -> None:
    node.publish(2)
    node.broker.cut()
    node.publish(1500)
    node.broker.mend()
    await node.caught_up()
    assert node.resets == [Position(node.hub.head(ROOM).epoch, 502)]
    assert node.delivered == [1, 2, *range(503, 1503)]
    assert node.metrics.gaps_unrepaired == 1


async def test_another_epoch_is_reported_and_read_from_its_start(node: Node) -> None:
    node.publish(5)
    other = Hub(node.broker.options)
    for number in range(3):
        other.publish(ROOM, b"{}", f"{number}")
    _change_hub(node, other)
    node.feed.compare(other.head(ROOM), node.feed.position)
    await node.caught_up()
    assert node.resets == [Position(other.head(ROOM).epoch, 0)]
    assert node.delivered == [1, 2, 3, 4, 5, 1, 2, 3]


async def test_another_epoch_without_entries_is_reported_too(node: Node) -> None:
    node.publish(2)
    other = Hub(node.broker.options)
    _change_hub(node, other)
    node.feed.compare(other.head(ROOM), node.feed.position)
    await node.caught_up()
    assert (node.resets, node.delivered) == ([other.head(ROOM)], [1, 2])


async def test_an_entry_in_no_history_ends_the_repair_in_time(node: Node) -> None:
    epoch = node.hub.head(ROOM).epoch
    node.publish(1)
    node.feed.accept(Entry(ROOM, epoch, 7, 8, b"{}"))
    await until(lambda: not node.tasks.running)
    assert node.delivered == [1]
    node.publish(1)
    assert node.delivered == [1, 2], "the feed continues"


async def test_a_repair_under_way_is_not_started_again(node: Node) -> None:
    node.broker.fate(Fate.DROP)
    node.publish(2)
    node.feed.repair(node.hub.head(ROOM))
    node.restored()
    assert (node.metrics.gap_repairs, node.tasks.running) == (1, 1)
    await node.caught_up()


def _change_hub(node: Node, other: Hub) -> None:
    """Replace the hub by another one, as if the broker had lost all its data."""
    node.hub = other
    inner = MemoryBroker(node.broker.options, other)
    node.broker._inner = inner  # noqa: SLF001 - a real broker would reconnect to another server
    inner._listener = node.broker._gate  # noqa: SLF001


async def test_what_a_failover_lost_is_no_part_of_the_chain(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.publish(3)
    await node.caught_up()
    epoch = node.feed.position.epoch
    continued = Entry(ROOM, epoch, 1, 104, b"{}")

    async def history(*_: object, **__: object) -> Page:
        return Page((continued,), Position(epoch, 104), trimmed=False, more=False)

    # The broker has lost 2 and 3, and the room continues from 1 before the heads were compared.
    monkeypatch.setattr(node.broker, "history", history)
    node.feed.accept(continued)
    await until(lambda: node.feed.position == Position(epoch, 104))
    assert (node.delivered, node.resets) == ([1, 2, 3, 104], [Position(epoch, 1)])
