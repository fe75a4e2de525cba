"""A9 retention."""

from __future__ import annotations

from typing import Final

from archive.base import Archive, ArchiveRetention
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain, everything, numbered
from archive.testing.storage import Storage

# `trim` works in small steps: so many are enough for what is appended here.
_STEPS: Final = 100


async def _trim(archive: Archive) -> None:
    """Trim until a whole round was made, twice: what a round frees may be removed by the next."""
    for _ in range(2):
        for _ in range(_STEPS):
            if await archive.trim():
                break
        else:
            raise AssertionError(f"no round of trimming ended within {_STEPS} steps")


def _now(storage: Storage) -> int:
    return int(storage.clock.now * 1000)


@promise("A9")
async def test_by_default_everything_is_kept(storage: Storage, archive: Archive) -> None:
    entries = numbered("room", 500)
    await archive.append(entries)
    storage.clock.now += 10 * 365 * 24 * 3600
    await _trim(archive)
    assert await everything(archive, "room") == entries


@promise("A9", retention=ArchiveRetention(entries=5))
async def test_a_room_keeps_its_last_entries(archive: Archive) -> None:
    for entry in numbered("room", 20):
        await archive.append([entry])
    await archive.append(numbered("quiet", 2))
    assert [entry.offset for entry in await everything(archive, "room")] == [16, 17, 18, 19, 20]
    assert len(await everything(archive, "quiet")) == 2
    assert await archive.heads() == {"room": (EPOCH, 20, 15), "quiet": (EPOCH, 2, 0)}
    page = await archive.page("room", EPOCH, before=18, limit=10)
    assert ([entry.offset for entry in page.entries], page.older) == ([16, 17], False)


@promise("A9", retention=ArchiveRetention(entries=5))
async def test_a_batch_larger_than_the_bound_keeps_its_end(archive: Archive) -> None:
    await archive.append(numbered("room", 700))
    assert [entry.offset for entry in await everything(archive, "room")] == [696, 697, 698, 699, 700]


@promise("A9", retention=ArchiveRetention(size=1000))
async def test_a_room_keeps_so_many_bytes(archive: Archive) -> None:
    await archive.append(chain("room", *(bytes([number]) * 300 for number in range(10))))
    assert [entry.payload[0] for entry in await everything(archive, "room")] == [7, 8, 9]


@promise("A9", retention=ArchiveRetention(age=100.0))
async def test_what_is_too_old_is_gone_and_the_head_stays(storage: Storage, archive: Archive) -> None:
    await archive.append(numbered("room", 3, at=_now(storage)))
    storage.clock.now += 60
    await archive.append(numbered("room", 2, first=4, at=_now(storage)))
    storage.clock.now += 60
    for _ in range(2):  # before and after the storage was freed
        assert [entry.offset for entry in await everything(archive, "room")] == [4, 5]
        assert await archive.heads() == {"room": (EPOCH, 5, 3)}
        await _trim(archive)
    storage.clock.now += 60
    for _ in range(2):
        page = await archive.page("room", EPOCH, after=0, limit=10)
        assert (page.entries, page.head, page.newer) == ((), (EPOCH, 5, 5), False)
        assert await archive.heads() == {"room": (EPOCH, 5, 5)}
        await _trim(archive)
    fresh = numbered("room", 1, first=6, at=_now(storage))
    await archive.append(fresh)
    assert await everything(archive, "room") == fresh


@promise("A7", "A9", retention=ArchiveRetention(entries=2), key_window=50.0)
async def test_keys_of_trimmed_entries_are_known_for_their_window(storage: Storage, archive: Archive) -> None:
    begin = _now(storage)
    await archive.append(numbered("room", 10, at=begin))
    storage.clock.now += 40
    await _trim(archive)
    assert len(await archive.keys("room", EPOCH, since=begin, limit=100)) == 10
    storage.clock.now += 40
    await _trim(archive)
    assert [key.offset for key in await archive.keys("room", EPOCH, since=0, limit=100)] == [10, 9]


@promise("A9", retention=ArchiveRetention(entries=10), key_window=1.0)
async def test_storage_of_trimmed_entries_is_used_again(storage: Storage, archive: Archive) -> None:
    for start in range(1, 8001, 1000):
        await archive.append(chain("room", *[b"x" * 500] * 1000, first=start, at=_now(storage)))
        storage.clock.now += 10
        await _trim(archive)
    assert len(await everything(archive, "room")) == 10
    await archive.close()
    assert archive.stats().get("bytes", 0.0) < 2_000_000, "8,000 entries of 500 bytes were appended"
