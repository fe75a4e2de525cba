"""Parts of a room are restored from an older copy, key by key: nothing is acknowledged unless stored."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from brokers.testing.recorder import chained
from tests.brokers.redis.stage import Stage, stage


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    async with stage() as opened:
        yield opened


async def copy(on: Stage, *names: str) -> dict[str, bytes]:
    return {name: await on.redis.dump(name) or b"" for name in names}


async def restore(on: Stage, copies: dict[str, bytes]) -> None:
    for name, content in copies.items():
        await on.redis.restore(name, 0, content, replace=True)


async def test_a_hash_older_than_its_stream_is_continued_after_the_stream(on: Stage) -> None:
    await on.there.broker.subscribe("room")
    await on.here.send("room", b"one")
    older = await copy(on, on.keyspace.head("room"))
    await on.here.send("room", b"two", b"three")
    await restore(on, older)
    [four, five] = await on.here.send("room", b"four", b"five")
    assert (four.offset, five.offset) == (4, 5)
    kept = await on.there.full_history("room")
    assert [entry.payload for entry in kept] == [b"one", b"two", b"three", b"four", b"five"]
    await on.there.received.count(5)
    assert on.there.received.entries == kept
    assert await on.redis.hget(on.keyspace.head("room"), "b") == b"%d" % len(b"onetwothreefourfive")


async def test_a_key_of_an_entry_that_only_the_hash_does_not_know_is_a_duplicate(on: Stage) -> None:
    await on.here.send("room", b"one")
    older = await copy(on, on.keyspace.head("room"))
    await on.here.send("room", b"two")
    stored = await on.here.broker.publish("room", b"three", key="key")
    await restore(on, older)
    assert await on.there.broker.publish("room", b"three", key="key") == stored._replace(duplicate=True)
    await on.here.send("room", b"four")
    kept = [entry.payload for entry in await on.there.full_history("room")]
    assert kept == [b"one", b"two", b"three", b"four"]


async def test_a_hash_that_was_empty_is_continued_after_the_stream(on: Stage) -> None:
    await on.redis.hset(on.keyspace.head("room"), "e", "as version 0.1 left it")
    older = await copy(on, on.keyspace.head("room"))
    await on.here.send("room", b"one", b"two")
    await restore(on, older)
    [three] = await on.here.send("room", b"three")
    assert three.offset == 3
    assert [entry.payload for entry in await on.there.full_history("room")] == [b"one", b"two", b"three"]


async def test_the_last_entry_deleted_by_hand_leaves_its_offset_out(on: Stage) -> None:
    await on.there.broker.subscribe("room")
    await on.here.send("room", b"one", b"two")
    await on.redis.xdel(on.keyspace.stream("room"), "2-0")
    await on.redis.hset(on.keyspace.head("room"), mapping={"o": 1, "b": 3})
    [three] = await on.here.send("room", b"three")
    kept = await on.there.full_history("room")
    assert [(entry.prev, entry.offset, entry.payload) for entry in kept] == [(0, 1, b"one"), (1, 3, b"three")]
    assert three.offset == 3


async def test_a_key_that_is_newer_than_its_room_is_no_duplicate(on: Stage) -> None:
    await on.here.send("room", b"one", b"two")
    older = await copy(on, on.keyspace.head("room"), on.keyspace.stream("room"))
    await on.here.send("room", b"three")
    lost = await on.here.broker.publish("room", b"four", key="key")
    await restore(on, older)
    again = await on.here.broker.publish("room", b"four", key="key")
    assert (lost.offset, again.offset, again.duplicate) == (4, 3, False)
    assert [entry.payload for entry in await on.there.full_history("room")] == [b"one", b"two", b"four"]


async def test_a_key_of_an_entry_that_the_stream_lacks_is_no_duplicate(on: Stage) -> None:
    await on.here.send("room", b"one", b"two")
    older = await copy(on, on.keyspace.stream("room"))
    await on.here.broker.publish("room", b"three", key="key")
    await restore(on, older)
    again = await on.here.broker.publish("room", b"three", key="key")
    assert (again.offset, again.duplicate) == (4, False)
    await on.here.send("room", b"five")
    await on.redis.delete(on.keyspace.key("room", "key"))
    await on.redis.set(on.keyspace.key("room", "key"), f"3 {again.epoch}")
    assert not (await on.here.broker.publish("room", b"three", key="key")).duplicate, "it lies in the hole"


async def test_a_key_of_a_trimmed_entry_is_a_duplicate(on: Stage) -> None:
    first = await on.here.broker.publish("room", b"one", key="key")
    await on.here.send("room", b"two", b"three")
    await on.redis.xtrim(on.keyspace.stream("room"), minid="3")
    assert await on.here.broker.publish("room", b"one", key="key") == first._replace(duplicate=True)
    await on.redis.delete(on.keyspace.stream("room"))
    assert await on.here.broker.publish("room", b"one", key="key") == first._replace(duplicate=True)


async def test_entries_that_a_stream_lacks_are_reported_as_trimmed(on: Stage) -> None:
    await on.here.send("room", b"1", b"2")
    older = await copy(on, on.keyspace.stream("room"))
    await on.here.send("room", b"3", b"4")
    await restore(on, older)
    page = await on.there.broker.history("room", after=2, limit=9)
    assert (page.entries, page.trimmed, page.head.offset) == ((), True, 4)
    await on.here.send("room", b"5", b"6")
    page = await on.there.broker.history("room", after=0, limit=9)
    assert ([entry.payload for entry in page.entries], page.trimmed, page.more) == ([b"1", b"2"], False, True)
    page = await on.there.broker.history("room", after=2, limit=9)
    assert ([entry.payload for entry in page.entries], page.trimmed, page.more) == ([b"5", b"6"], True, False)
    assert not (await on.there.broker.history("room", after=4, limit=9)).trimmed
    page = await on.there.broker.history("room", limit=9)
    assert ([entry.payload for entry in page.entries], page.more) == ([b"5", b"6"], True)
    page = await on.there.broker.history("room", before=5, limit=9)
    assert ([entry.payload for entry in page.entries], page.more) == ([b"1", b"2"], False)


async def test_what_was_restored_and_continued_is_one_chain(on: Stage) -> None:
    for _ in range(3):
        older = await copy(on, on.keyspace.head("room"))
        await on.here.send("room", b"more", b"more")
        if older[on.keyspace.head("room")]:
            await restore(on, older)
    kept = await on.here.full_history("room")
    assert len(kept) == 6
    assert chained(kept)
