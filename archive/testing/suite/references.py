"""A18 references."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from archive.base import Archive, ArchiveRetention
from archive.references import Reference, ReplyTotal
from archive.search import Unindexed
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, numbered
from archive.testing.storage import Storage

_FAR = 200_000


async def stored(archive: Archive, count: int, *references: Reference, room: str = "room") -> None:
    """Append entries, and index them with their references."""
    await archive.append(numbered(room, count))
    assert await archive.index(room, EPOCH, since=0, through=count, changes=(), references=references)


async def changing(archive: Archive, targets: Sequence[int], most: int = 99) -> list[int]:
    """Find the offsets of the entries that change some."""
    found = await archive.references.find("room", EPOCH, targets, most=most, most_replies=99)
    return [entry.offset for entry in found.changes]


@promise("A18")
async def test_what_refers_to_an_entry_is_found_by_it(archive: Archive) -> None:
    changes = Reference(3, 1), Reference(4, 2), Reference(6, 1)
    replies = Reference(5, 1, is_reply=True), Reference(7, 2, is_reply=True), Reference(8, 1, is_reply=True)
    await stored(archive, 9, *changes, *replies)
    await stored(archive, 9, Reference(2, 1), room="other")
    found = await archive.references.find("room", EPOCH, [1, 2, 3, 99], most=9, most_replies=9)
    assert found.through == 9
    assert [entry.offset for entry in found.changes] == [3, 6, 4]
    assert [entry.payload for entry in found.changes] == [b"3", b"6", b"4"]
    assert found.replies == {1: ReplyTotal(2, 8), 2: ReplyTotal(1, 7)}
    for name in (("room", "other epoch"), ("unknown", EPOCH)):
        nothing = await archive.references.find(*name, [1], most=9, most_replies=9)
        assert nothing == (0, (), {})
        assert await archive.references.replies(*name, 1, limit=9) == (0, (), False)


@promise("A18")
async def test_the_distance_does_not_matter(archive: Archive) -> None:
    first, last = numbered("room", 1), numbered("room", 1, first=_FAR)
    await archive.append([*first, last[0]._replace(prev=1)])
    references = [Reference(_FAR, 1)]
    assert await archive.index("room", EPOCH, since=0, through=_FAR, changes=(), references=references)
    assert await changing(archive, [1]) == [_FAR]


@promise("A18")
async def test_the_last_changes_of_each_entry_and_so_many_replies(archive: Archive) -> None:
    references = [Reference(offset, 1 + offset % 2, is_reply=offset > 10) for offset in range(3, 19)]
    await stored(archive, 20, *references)
    assert await changing(archive, [1, 2], most=2) == [8, 10, 7, 9]
    found = await archive.references.find("room", EPOCH, [1, 2], most=1, most_replies=3)
    assert found.replies == {1: ReplyTotal(3, 18), 2: ReplyTotal(3, 17)}


@promise("A18")
@pytest.mark.parametrize("limit", [1, 2, 3, 9])
async def test_replies_are_paged_from_the_last_back(archive: Archive, limit: int) -> None:
    offsets = [3, 4, 8, 9, 15]
    await stored(archive, 20, *(Reference(each, 2, is_reply=True) for each in offsets), Reference(5, 2))
    read: list[int] = []
    before: int | None = None
    while True:
        page = await archive.references.replies("room", EPOCH, 2, before=before, limit=limit)
        assert page.through == 20
        assert len(page.entries) <= limit
        read[:0] = [entry.offset for entry in page.entries]
        if not page.older:
            break
        before = read[0]
    assert read == offsets


@promise("A18")
async def test_only_entries_that_are_stored_refer_and_only_to_earlier_ones(archive: Archive) -> None:
    await archive.append(numbered("room", 5))
    wrong = Reference(2, 2), Reference(2, 4), Reference(9, 1), Reference(2, 0)
    assert await archive.index("room", EPOCH, since=0, through=5, changes=(), references=wrong)
    assert await changing(archive, [1, 2, 3, 4, 5]) == []


@promise("A18")
async def test_the_part_of_an_index_that_is_not_the_next_changes_nothing(archive: Archive) -> None:
    await stored(archive, 5)
    references = [Reference(5, 1)]
    assert not await archive.index("room", EPOCH, since=4, through=5, changes=(), references=references)
    assert await changing(archive, [1]) == []


@promise("A18")
async def test_what_was_indexed_already_is_recorded_in_order_and_once(archive: Archive) -> None:
    await stored(archive, 5)
    record = archive.references.record
    assert await archive.references.unrecorded(limit=9) == [], "an index is recorded with its references"
    parts = [Reference(2, 1)]
    assert not await record("room", EPOCH, since=3, through=4, references=parts)
    assert not await record("room", "unknown", since=0, through=4, references=parts)
    assert await record("room", EPOCH, since=5, through=9, references=parts)
    outcomes = await asyncio.gather(
        *(record("room", EPOCH, since=9, through=10 + number, references=parts) for number in range(5))
    )
    assert sorted(outcomes) == [False] * 4 + [True]
    assert await changing(archive, [1]) == [2]


@promise("A16", "A18")
async def test_what_was_erased_refers_to_nothing(archive: Archive) -> None:
    await stored(archive, 5, Reference(3, 1), Reference(4, 1, is_reply=True), Reference(5, 1, is_reply=True))
    await archive.erase("room", EPOCH, [3, 5], b"")
    found = await archive.references.find("room", EPOCH, [1], most=9, most_replies=9)
    assert found == (5, (), {1: ReplyTotal(1, 4)})
    page = await archive.references.replies("room", EPOCH, 1, limit=9)
    assert [entry.offset for entry in page.entries] == [4]
    # The reference was read before the entry was erased.
    assert await archive.references.record("room", EPOCH, since=5, through=6, references=[Reference(3, 1)])
    assert await changing(archive, [1]) == []


@promise("A9", "A18", retention=ArchiveRetention(entries=3), key_window=0.0)
async def test_what_was_trimmed_refers_to_nothing(storage: Storage, archive: Archive) -> None:
    replies = (Reference(offset, 1, is_reply=True) for offset in (4, 9, 10))
    await stored(archive, 10, Reference(3, 2), Reference(8, 2), *replies)
    storage.clock.now += 100
    for _ in range(3):  # before and after the storage was freed
        assert await changing(archive, [2]) == [8]
        found = await archive.references.find("room", EPOCH, [1], most=9, most_replies=9)
        assert found.replies == {1: ReplyTotal(2, 10)}
        page = await archive.references.replies("room", EPOCH, 1, limit=9)
        assert ([entry.offset for entry in page.entries], page.older) == ([9, 10], False)
        await archive.trim()


@promise("A12", "A18")
async def test_an_epoch_is_listed_while_references_are_missing(archive: Archive) -> None:
    await archive.append(numbered("room", 5))
    assert await archive.references.unrecorded(limit=9) == []
    assert await archive.unindexed(limit=9) == [Unindexed("room", EPOCH, 0)]
    assert await archive.index("room", EPOCH, since=0, through=5, changes=())
    assert await archive.references.unrecorded(limit=9) == []
