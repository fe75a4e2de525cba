"""History is the same for all capabilities of a server, and however rooms are interleaved in the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from brokers.base import Broker, BrokerOptions, Entry, Retention
from brokers.nats import NatsBroker
from brokers.nats.history.reader import NatsReader
from brokers.nats.jetstream import StoredMessage
from brokers.nats.stream.setup import EntryStream
from brokers.testing.recorder import BrokerNode, chained
from tests.brokers.nats.nodes import node, options
from tests.contract.nats_server import shared_nats

Change = Callable[[EntryStream], EntryStream]

KINDS: dict[str, Change] = {
    "batches": lambda stream: replace(stream, batches=True),
    "consumers": lambda stream: replace(stream, batches=False),
    "replicated": lambda stream: replace(stream, replicated=True),
    "replicated, consumers": lambda stream: replace(stream, replicated=True, batches=False),
}


def _reader(broker: Broker) -> NatsReader:
    assert isinstance(broker, NatsBroker)
    session = broker._session  # noqa: SLF001
    assert session
    return session.reader


def _as(broker: Broker, change: Change, *, attempts: int = 8) -> None:
    """Make the broker treat the stream as one of another kind."""
    reader = _reader(broker)
    found = reader._stream  # noqa: SLF001
    changed = change(found)
    if changed.batches and not found.batches:
        pytest.skip("needs nats-server 2.11")
    reader.__init__(reader._connection, changed, attempts=attempts)  # type: ignore[misc]  # noqa: SLF001


def _options(**changes: object) -> BrokerOptions:
    """Create options with a time limit that a burst does not reach on a busy machine."""
    return options(shared_nats(), timeout=30.0, **changes)


async def _fill(writer: BrokerNode, room: str, entries: int, between: int) -> None:
    """Publish to a room with entries of others in between, first sparsely and then densely."""
    texts = []
    for number in range(entries):
        if number < entries // 10:
            texts += [(f"other {other}", b"other") for other in range(between)]
        texts.append((room, b"%d" % number))
    # The time limit of a call starts when it is made: in one burst of thousands, the last calls would exceed
    # it.
    for start in range(0, len(texts), 500):
        portion = texts[start : start + 500]
        await asyncio.gather(
            *(writer.broker.publish(name, text, key=writer.fresh_key()) for name, text in portion)
        )


async def _back(broker: Broker, room: str, limit: int) -> list[Entry]:
    page = await broker.history(room, limit=limit)
    read = list(page.entries)
    while page.more:
        page = await broker.history(room, before=read[0].offset, limit=limit)
        assert 0 < len(page.entries) <= limit
        read[:0] = page.entries
    return read


@pytest.mark.parametrize("change", KINDS.values(), ids=list(KINDS))
async def test_both_directions_give_all_that_is_kept(change: Change) -> None:
    await _read_both_ways(change)


async def test_what_the_leader_gives_one_by_one_is_the_same() -> None:
    await _read_both_ways(KINDS["replicated, consumers"], attempts=0)


async def _read_both_ways(change: Change, *, attempts: int = 8) -> None:
    async with node(_options(retention=Retention(entries=300))) as writer:
        _as(writer.broker, change, attempts=attempts)
        await _fill(writer, "room", 400, 20)
        forward = await writer.full_history("room")
        assert [entry.payload for entry in forward] == [b"%d" % number for number in range(100, 400)]
        assert chained(forward)
        assert await _back(writer.broker, "room", 37) == forward
        middle = await writer.broker.history("room", before=forward[150].offset, limit=20)
        assert list(middle.entries) == forward[130:150]
        assert middle.head.offset == forward[-1].offset
        whole = await writer.broker.history("room", after=forward[0].prev, limit=1)
        assert (whole.entries[0], whole.trimmed) == (forward[0], False)
        assert (await writer.broker.history("room", after=forward[0].prev - 1, limit=1)).trimmed


@pytest.mark.parametrize("change", KINDS.values(), ids=list(KINDS))
async def test_the_last_page_of_a_long_room_is_found_with_few_questions(change: Change) -> None:
    async with node(_options(retention=Retention(entries=3000))) as writer:
        _as(writer.broker, change)
        await _fill(writer, "room", 3000, 10)
        source = Counted(_reader(writer.broker))
        page = await writer.broker.history("room", limit=50)
        assert [entry.payload for entry in page.entries] == [b"%d" % number for number in range(2950, 3000)]
        assert source.questions <= 8


class Counted:
    """Counts the requests of a reader."""

    def __init__(self, reader: NatsReader) -> None:
        self._source = reader._source  # noqa: SLF001
        reader._source = self  # noqa: SLF001
        self.questions = 0

    async def read_from(self, room: str, offset: int, most: int) -> Sequence[StoredMessage]:
        self.questions += 1
        return await self._source.read_from(room, offset, most)

    async def last_up_to(self, room: str, offset: int) -> int:
        return await self._source.last_up_to(room, offset)


@pytest.mark.parametrize("change", KINDS.values(), ids=list(KINDS))
async def test_the_heads_of_more_rooms_than_a_request_holds(change: Change) -> None:
    rooms = [f"room {number}" for number in range(1100)]
    async with node(_options()) as writer:
        _as(writer.broker, change)
        receipts = await asyncio.gather(*(writer.broker.publish(room, b"text", key="key") for room in rooms))
        heads = await writer.broker.heads([*rooms, "unknown"])
        assert [heads[room].offset for room in rooms] == [receipt.offset for receipt in receipts]
        assert heads["unknown"].offset == 0


@pytest.mark.parametrize("subscribed", [True, False])
async def test_the_previous_offset_is_known_after_all_entries_expired(*, subscribed: bool) -> None:
    async with AsyncExitStack() as ends:
        shared = options(shared_nats(), retention=Retention(age=1.0))
        here, there = [await ends.enter_async_context(node(shared)) for _ in range(2)]
        head = await there.broker.subscribe("room")
        if subscribed:
            await here.broker.subscribe("room")
        _, old = await here.send("room", b"one", b"two")
        await there.received.count(2)
        while (await here.broker.history("room", limit=1)).entries:  # noqa: ASYNC110 - expiry is not reported
            await asyncio.sleep(0.05)
        await here.send("room", b"three")
        await there.received.count(3)
        assert there.received.entries[-1].prev == old.offset, "no gap for a subscribed node"
        if subscribed:
            page = await there.broker.history("room", after=old.offset, limit=10)
            assert (page.trimmed, page.entries[0]) == (False, there.received.entries[-1])
        assert (await there.broker.history("room", after=old.offset - 1, limit=10)).trimmed
        assert head.offset == 0
