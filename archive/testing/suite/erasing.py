"""A16 erase."""

from __future__ import annotations

import pytest

from archive.base import ERASED, Archive, ArchiveRetention
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain, everything, numbered
from archive.testing.storage import Storage
from archive.testing.suite.searching import found, searchable, store


async def purged(archive: Archive) -> None:
    """Free the storage of what was erased."""
    while not await archive.purge():
        pass


@promise("A16")
async def test_payload_author_and_key_are_erased_and_the_chain_stays(archive: Archive) -> None:
    entries = numbered("room", 5)
    await archive.append(entries)
    await archive.append(numbered("other", 5))
    assert await archive.erase("room", EPOCH, [2, 4, 4, 9], b"gone") == 2
    await purged(archive)
    for offset in (2, 4):
        entries[offset - 1] = entries[offset - 1]._replace(key="", payload=b"gone", author=ERASED)
    assert await everything(archive, "room") == entries
    assert await everything(archive, "other") == numbered("other", 5)
    keys = await archive.keys("room", EPOCH, since=0, limit=10)
    assert [key.offset for key in keys] == [5, 3, 1]
    assert (await archive.heads())["room"] == (EPOCH, 5, 0)


@promise("A16")
async def test_erasing_again_and_what_is_not_there_changes_nothing(archive: Archive) -> None:
    await archive.append(numbered("room", 3))
    assert await archive.erase("room", EPOCH, [1], b"gone") == 1
    assert await archive.erase("room", EPOCH, [1], b"else") == 0
    for room, epoch in (("new", EPOCH), ("room", "other")):
        assert await archive.erase(room, epoch, [1], b"gone") == 0
    assert (await everything(archive, "room"))[0].payload == b"gone"


@promise("A16", "A4")
async def test_appending_an_erased_entry_again_changes_nothing(archive: Archive) -> None:
    entries = numbered("room", 3)
    await archive.append(entries)
    await archive.erase("room", EPOCH, [1, 3], b"gone")
    await archive.append(entries)
    await archive.append(numbered("room", 2, first=4))
    payloads = [entry.payload for entry in await everything(archive, "room")]
    assert payloads == [b"gone", b"2", b"gone", b"4", b"5"]


@promise("A16", "A15")
async def test_what_was_erased_is_not_found(archive: Archive) -> None:
    await store(archive, "one secret", "two secret", "three secret")
    await archive.append(chain("room", b"four secret", first=4))
    await archive.erase("room", EPOCH, [2, 4], b"gone")
    # The words were found before the entry was erased.
    late = [searchable(4, "four secret")]
    assert await archive.index("room", EPOCH, since=3, through=4, changes=late)
    await purged(archive)
    assert await found(archive, "secret") == ["three secret", "one secret"]
    assert await found(archive, "two") == []
    await store(archive, "five secret", first=5)
    assert await found(archive, "secret") == ["five secret", "three secret", "one secret"]


@promise("A16", "A9", retention=ArchiveRetention(size=40))
async def test_what_was_erased_takes_less_of_the_bytes_of_a_room(archive: Archive) -> None:
    await archive.append(chain("room", b"x" * 30, b"y" * 8))
    await archive.erase("room", EPOCH, [1], b"")
    await archive.append(chain("room", b"z" * 30, first=3))
    assert [entry.payload[:1] for entry in await everything(archive, "room")] == [b"", b"y", b"z"]


@promise("A16", "A2", needs="crash")
async def test_what_was_erased_stays_so_after_a_crash(storage: Storage) -> None:
    first = storage.archive()
    await first.start()
    await first.append(numbered("room", 2))
    await first.erase("room", EPOCH, [1], b"gone")
    storage.crash()
    second = storage.archive()
    await second.start()
    assert [entry.payload for entry in await everything(second, "room")] == [b"gone", b"2"]
    await second.close()
    await first.close()


@promise("A16")
@pytest.mark.parametrize("count", [1, 2_000])
async def test_a_purge_ends(archive: Archive, count: int) -> None:
    await store(archive, *(f"word{number} in a text" for number in range(count)))
    assert await archive.erase("room", EPOCH, range(1, count + 1), b"") == count
    await purged(archive)
    assert await archive.purge()
