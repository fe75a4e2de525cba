"""The Redis broker stores entries within their limits, and copes with evicted, expired and flushed data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from brokers.base import UNWRITTEN, BrokerOptions, Entry, Retention
from brokers.errors import BrokerRefused
from brokers.redis.scripts.library import SKIPPED_OFFSETS
from brokers.testing.recorder import chained
from tests.brokers.redis.stage import Stage, stage


@pytest.fixture
async def on(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    async with stage(getattr(request, "param", None)) as opened:
        yield opened


def keeping(retention: Retention, *, key_window: float = 300.0) -> pytest.MarkDecorator:
    options = BrokerOptions(retention=retention, key_window=key_window)
    return pytest.mark.parametrize("on", [options], indirect=True, ids=[""])


async def test_a_flushed_redis_begins_new_epochs(on: Stage) -> None:
    await on.there.broker.subscribe("room")
    [before, _] = await on.here.send("room", b"one", b"two")
    await on.redis.flushall()
    [after] = await on.here.send("room", b"three")
    assert after.epoch != before.epoch
    await on.there.received.count(3)
    assert on.there.received.entries[-1] == Entry("room", after.epoch, 0, after.offset, b"three")
    assert await on.there.full_history("room") == on.there.received.entries[-1:]


async def test_a_key_from_before_a_flush_is_known_no_more(on: Stage) -> None:
    await on.here.broker.publish("room", b"text", key="key")
    await on.redis.flushall()
    assert not (await on.there.broker.publish("room", b"text", key="key")).duplicate


async def test_a_hash_that_was_evicted_takes_its_entries_along(on: Stage) -> None:
    [*_, before] = await on.here.send("room", b"one", b"two", b"three")
    await on.redis.delete(on.keyspace.head("room"))
    page = await on.there.broker.history("room", limit=10)
    assert (page.entries, page.head) == ((), (UNWRITTEN, 0))
    [after] = await on.here.send("room", b"four")
    assert after.epoch != before.epoch
    assert [entry.payload for entry in await on.there.full_history("room")] == [b"four"]


async def test_evicted_entries_are_reported_as_trimmed(on: Stage) -> None:
    [*_, last] = await on.here.send("room", b"one", b"two")
    await on.redis.delete(on.keyspace.stream("room"))
    page = await on.there.broker.history("room", after=1, limit=10)
    assert (page.entries, page.head, page.trimmed) == ((), (last.epoch, last.offset), True)
    [after] = await on.here.send("room", b"three")
    assert (after.epoch, after.offset) == (last.epoch, last.offset + 1)


@keeping(Retention(age=100.0), key_window=50.0)
async def test_a_key_expires_and_a_stream_is_trimmed_instead(on: Stage) -> None:
    await on.here.broker.publish("room", b"text", key="key")
    assert 10 < await on.redis.ttl(on.keyspace.key("room", "key")) <= 50
    assert await on.redis.ttl(on.keyspace.stream("room")) == -1, "Redis expires by its own clock"
    assert await on.redis.ttl(on.keyspace.head("room")) == -1


@keeping(Retention(age=0.0))
async def test_entries_without_an_age_never_expire(on: Stage) -> None:
    await on.here.send("room", b"text")
    assert await on.redis.ttl(on.keyspace.stream("room")) == -1


@keeping(Retention(entries=3))
async def test_more_entries_than_allowed_are_not_even_stored(on: Stage) -> None:
    for number in range(10):
        await on.here.send("room", b"%d" % number)
        assert await on.redis.xlen(on.keyspace.stream("room")) == min(number + 1, 3)


@keeping(Retention(size=1000))
async def test_more_bytes_than_allowed_are_not_even_stored(on: Stage) -> None:
    kept = []
    for size in [*[10] * 100, 500, 490, 1000, 0, 1]:
        await on.here.send("room", b"x" * size)
        kept.append([len(entry.payload) for entry in await on.there.full_history("room")])
    assert all(sum(sizes) <= 1000 for sizes in kept)
    assert kept[99:] == [[10] * 100, [*[10] * 50, 500], [10, 500, 490], [1000], [1000, 0], [0, 1]]
    assert await on.redis.xlen(on.keyspace.stream("room")) == 2


async def write_old(on: Stage, entries: int, *, seconds: float) -> None:
    """Add entries to a room as the script does, but with an earlier time."""
    now, _ = await on.redis.time()
    then = int((now - seconds) * 1000)
    for offset in range(1, entries + 1):
        await on.redis.xadd(on.keyspace.stream("room"), {"p": b"old", "t": then, "b": 0}, id=f"{offset}-0")
    await on.redis.hset(on.keyspace.head("room"), mapping={"e": "epoch", "o": entries, "b": 0})


@keeping(Retention(age=1000.0))
async def test_entries_that_are_too_old_go_when_the_next_is_stored(on: Stage) -> None:
    await write_old(on, 50, seconds=1001)
    [young] = await on.here.send("room", b"young")
    assert young.offset == 51
    assert await on.redis.xlen(on.keyspace.stream("room")) == 1
    page = await on.there.broker.history("room", after=0, limit=10)
    assert ([entry.payload for entry in page.entries], page.trimmed) == ([b"young"], True)


@keeping(Retention(age=1000.0))
async def test_entries_that_are_too_old_are_not_read_and_the_others_are(on: Stage) -> None:
    await write_old(on, 50, seconds=500)
    assert len(await on.there.full_history("room")) == 50
    await on.redis.delete(on.keyspace.stream("room"))
    await write_old(on, 50, seconds=1001)
    page = await on.there.broker.history("room", limit=10)
    assert (page.entries, page.head.offset) == ((), 50)


@keeping(Retention(age=1.0))
async def test_a_room_whose_entries_have_all_expired_continues_its_offsets(on: Stage) -> None:
    [*_, last] = await on.here.send("room", b"one", b"two")
    await asyncio.sleep(1.05)  # by Redis's clock
    page = await on.there.broker.history("room", after=0, limit=10)
    assert (page.entries, page.head, page.trimmed) == ((), (last.epoch, last.offset), True)
    assert await on.redis.xlen(on.keyspace.stream("room")) == 0
    seen = await on.there.broker.history("room", after=last.offset, limit=10)
    assert (seen.entries, seen.trimmed) == ((), False)
    [after] = await on.here.send("room", b"three")
    assert (after.epoch, after.offset) == (last.epoch, last.offset + 1)


async def test_a_server_that_took_over_leaves_offsets_out_once(on: Stage) -> None:
    [_, before] = await on.here.send("room", b"one", b"two")
    await on.redis.hset(on.keyspace.head("room"), "r", "another server")
    [after, next_one] = await on.here.send("room", b"three", b"four")
    assert after.offset > before.offset + SKIPPED_OFFSETS
    assert next_one.offset == after.offset + 1
    kept = await on.there.full_history("room")
    assert chained(kept)
    assert [entry.prev for entry in kept] == [0, 1, 2, after.offset]
    backward = await on.there.broker.history("room", limit=10)
    assert list(backward.entries) == kept
    assert not (await on.there.broker.history("room", after=before.offset, limit=1)).trimmed


async def test_of_two_servers_that_continue_from_one_entry_the_later_one_leaves_more_out(on: Stage) -> None:
    await write_old(on, 3, seconds=50)
    await on.redis.hset(on.keyspace.head("room"), "r", "another server")
    [after] = await on.here.send("room", b"after")
    assert after.offset >= 3 + 1 + SKIPPED_OFFSETS + 50_000


@keeping(Retention(entries=1))
async def test_skipped_offsets_are_not_reported_as_trimmed(on: Stage) -> None:
    [before] = await on.here.send("room", b"one")
    await on.redis.hset(on.keyspace.head("room"), "r", "another server")
    await on.here.send("room", b"two")
    page = await on.there.broker.history("room", after=before.offset, limit=10)
    assert ([entry.payload for entry in page.entries], page.trimmed) == ([b"two"], False)
    assert (await on.there.broker.history("room", after=0, limit=10)).trimmed


async def test_a_room_that_is_only_subscribed_stores_nothing(on: Stage) -> None:
    for node in (on.here, on.there):
        assert await node.broker.subscribe("room") == (UNWRITTEN, 0)
    assert not await on.redis.exists(on.keyspace.head("room"), on.keyspace.stream("room"))


async def test_a_name_that_is_not_utf8_is_refused_and_affects_no_other_call(on: Stage) -> None:
    before = on.here.broker.publish("room", b"before", key="before")
    for room, key in (("\ud800", "key"), ("room", "\ud800")):
        with pytest.raises(BrokerRefused):
            await on.here.broker.publish(room, b"text", key=key)
    await before
    assert [entry.payload for entry in await on.there.full_history("room")] == [b"before"]


async def test_a_burst_leaves_in_few_pieces_and_in_order(on: Stage) -> None:
    await on.here.broker.subscribe("room")
    before = on.here.broker.stats()["batches"]
    answers = [
        on.here.broker.publish("room", b"%d" % number, key=on.here.fresh_key()) for number in range(1000)
    ]
    offsets = [receipt.offset for receipt in await asyncio.gather(*answers)]
    assert offsets == list(range(1, 1001))
    assert 4 <= on.here.broker.stats()["batches"] - before <= 6  # an idle connection may have been probed
    await on.here.received.count(1000)
    assert on.here.received.payloads("room") == [b"%d" % number for number in range(1000)]
