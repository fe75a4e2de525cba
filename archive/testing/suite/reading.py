"""A6 heads, A7 keys."""

from __future__ import annotations

import pytest

from archive.base import Archive, ArchivedKey, ArchiveRetention
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain, numbered
from archive.testing.storage import Storage


@promise("A6")
async def test_the_heads_of_many_rooms_are_their_last_positions(archive: Archive) -> None:
    expected = {}
    for number in range(1, 1201):
        room = f"room {number}"
        await archive.append(numbered(room, 1 + number % 3))
        expected[room] = (EPOCH, 1 + number % 3, 0)
    assert await archive.heads() == expected
    assert await archive.heads(expected) == expected
    assert await archive.heads(["room 3", "unknown", "room 3"]) == {"room 3": (EPOCH, 1, 0)}


@promise("A6")
async def test_no_rooms_have_no_heads(archive: Archive) -> None:
    assert await archive.heads() == {}
    await archive.append(numbered("room", 1))
    assert await archive.heads([]) == {}


@promise("A6")
async def test_the_newest_epoch_of_a_room_is_its_head(archive: Archive) -> None:
    await archive.append(chain("room", b"one", b"two", epoch="first"))
    await archive.append(chain("room", b"three", epoch="second"))
    assert await archive.heads() == {"room": ("second", 1, 0)}


@promise("A6")
async def test_the_epochs_of_a_room_are_listed_oldest_first(archive: Archive) -> None:
    for epoch, count in (("zulu", 2), ("alpha", 1), ("mike", 3)):
        await archive.append(chain("room", *[b"one"] * count, epoch=epoch))
    await archive.append(chain("other", b"one", epoch="alpha"))
    await archive.append(chain("room", b"three", first=3, epoch="zulu"))
    assert await archive.epochs("room") == [("zulu", 3, 0), ("alpha", 1, 0), ("mike", 3, 0)]
    assert await archive.epochs("other") == [("alpha", 1, 0)]
    assert await archive.epochs("new") == []


@promise("A6", "A9", retention=ArchiveRetention(entries=2))
async def test_each_epoch_is_listed_with_what_was_trimmed(archive: Archive) -> None:
    await archive.append(chain("room", b"one", b"two", b"three", epoch="first"))
    await archive.append(chain("room", b"one", epoch="second"))
    assert await archive.epochs("room") == [("first", 3, 1), ("second", 1, 0)]


@promise("A6")
@pytest.mark.parametrize("limit", [1, 4, 100])
async def test_the_rooms_are_listed_in_one_order(archive: Archive, limit: int) -> None:
    names = ["", "\x00", "a", "b", "ab", "Z", "\u00e9", "\uffff", "\U0001f600"]
    for name in names:
        await archive.append(chain(name, b"one"))
    await archive.append(chain("a", b"one", epoch="second"))
    listed: list[str] = []
    while True:
        read = await archive.rooms(after=listed[-1] if listed else None, limit=limit)
        listed += read
        if len(read) < limit:
            break
    assert listed == sorted(names, key=str.encode)


@promise("A6")
async def test_the_newest_entry_of_a_room_has_a_time(archive: Archive) -> None:
    await archive.append(numbered("room", 3, at=1000))
    await archive.append(chain("other", b"one", b"two", at=7000))
    await archive.append(chain("other", b"three", epoch="later", at=5000))
    assert await archive.newest(["room", "other", "unknown", "room"]) == {"room": 1003, "other": 5001}
    assert await archive.newest([]) == {}


@promise("A6", "A9", retention=ArchiveRetention(age=10))
async def test_a_trimmed_entry_is_not_the_newest(archive: Archive, storage: Storage) -> None:
    now = int(storage.clock.now * 1000)
    await archive.append(numbered("room", 3, at=now))
    assert await archive.newest(["room"]) == {"room": now + 3}
    storage.clock.now += 60
    assert await archive.newest(["room"]) == {}


@promise("A7")
@pytest.mark.parametrize("limit", [1, 4, 100])
async def test_keys_are_read_from_the_newest_back_to_a_time(archive: Archive, limit: int) -> None:
    await archive.append(numbered("room", 20, at=1000))
    keys: list[ArchivedKey] = []
    while True:
        before = keys[-1].offset if keys else None
        read = await archive.keys("room", EPOCH, since=1011, before=before, limit=limit)
        keys += read
        if len(read) < limit:
            break
    assert keys == [(f"key {offset}", offset, 1000 + offset) for offset in range(20, 10, -1)]


@promise("A7")
async def test_keys_are_those_of_one_room_and_epoch(archive: Archive) -> None:
    await archive.append(chain("room", b"one"))
    await archive.append(chain("other", b"one", b"two"))
    await archive.append(chain("room", b"one", b"two", b"three", epoch="later"))
    counts = [
        len(await archive.keys(room, epoch, since=0, limit=10))
        for room, epoch in (("room", EPOCH), ("other", EPOCH), ("room", "later"), ("new", EPOCH))
    ]
    assert counts == [1, 2, 3, 0]


@promise("A7")
async def test_a_clock_that_was_set_back_hides_no_key(archive: Archive) -> None:
    await archive.append(numbered("room", 3, at=5_000_000))
    await archive.append(numbered("room", 3, first=4, at=1_000_000))
    keys = await archive.keys("room", EPOCH, since=1_000_000, limit=10)
    assert [key.offset for key in keys] == [6, 5, 4, 3, 2, 1]
