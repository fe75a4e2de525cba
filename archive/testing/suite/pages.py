"""A5 pages."""

from __future__ import annotations

import pytest

from archive.base import Archive, ArchivedEntry
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, everything, numbered

every_limit = pytest.mark.parametrize("limit", [1, 7, 23, 100])


@promise("A5")
@every_limit
async def test_pages_forward_until_nothing_is_left(archive: Archive, limit: int) -> None:
    entries = numbered("room", 23)
    await archive.append(entries)
    read: list[ArchivedEntry] = []
    newer = True
    while newer:
        page = await archive.page("room", EPOCH, after=read[-1].offset if read else 0, limit=limit)
        assert 0 < len(page.entries) <= limit
        assert page.older is bool(read)
        read += page.entries
        newer = page.newer
    assert read == entries


@promise("A5")
@every_limit
async def test_pages_backward_until_nothing_is_left(archive: Archive, limit: int) -> None:
    entries = numbered("room", 23)
    await archive.append(entries)
    page = await archive.page("room", EPOCH, limit=limit)
    read = list(page.entries)
    assert not page.newer
    while page.older:
        page = await archive.page("room", EPOCH, before=read[0].offset, limit=limit)
        assert 0 < len(page.entries) <= limit
        assert page.newer
        read[:0] = page.entries
    assert read == entries


@promise("A5")
@pytest.mark.parametrize(
    ("around", "expected"),
    [(10, [8, 9, 10, 11, 12]), (1, [1, 2, 3, 4, 5]), (23, [21, 22, 23]), (500, [22, 23])],
)
async def test_a_page_around_an_offset_holds_both_sides(
    archive: Archive, around: int, expected: list[int]
) -> None:
    await archive.append(numbered("room", 23))
    page = await archive.page("room", EPOCH, around=around, limit=5)
    assert [entry.offset for entry in page.entries] == expected
    assert (page.older, page.newer) == (expected[0] > 1, expected[-1] < 23)


@promise("A5")
async def test_offsets_may_have_holes_and_begin_anywhere(archive: Archive) -> None:
    entries = [
        entry._replace(offset=entry.offset * 10, prev=entry.prev * 10)
        for entry in numbered("room", 9, first=5)
    ]
    await archive.append(entries)
    page = await archive.page("room", EPOCH, after=55, limit=3)
    assert [entry.offset for entry in page.entries] == [60, 70, 80]
    page = await archive.page("room", EPOCH, before=75, limit=2)
    assert [entry.offset for entry in page.entries] == [60, 70]
    assert (await archive.heads())["room"] == (EPOCH, 130, 40)
    assert await everything(archive, "room") == entries


@promise("A5")
async def test_behind_the_head_and_ahead_of_the_first_there_is_nothing(archive: Archive) -> None:
    await archive.append(numbered("room", 3))
    behind = await archive.page("room", EPOCH, after=3, limit=10)
    beyond = await archive.page("room", EPOCH, after=1000, limit=10)
    ahead = await archive.page("room", EPOCH, before=1, limit=10)
    assert [page.entries for page in (behind, beyond, ahead)] == [(), (), ()]
    assert [(page.older, page.newer) for page in (behind, beyond, ahead)] == [
        (True, False),
        (True, False),
        (False, False),
    ]


@promise("A5")
async def test_a_room_or_an_epoch_that_is_not_known_has_no_head(archive: Archive) -> None:
    await archive.append(numbered("room", 3))
    for room, epoch in (("new", EPOCH), ("room", "other")):
        page = await archive.page(room, epoch, limit=10)
        assert page == ((), None, False, False)


@promise("A5")
async def test_the_head_of_a_page_belongs_to_its_entries(archive: Archive) -> None:
    await archive.append(numbered("room", 5))
    for page in (
        await archive.page("room", EPOCH, limit=1),
        await archive.page("room", EPOCH, after=0, limit=1),
        await archive.page("room", EPOCH, around=3, limit=1),
    ):
        assert page.head == (EPOCH, 5, 0)


@promise("A5")
@pytest.mark.parametrize(
    ("after", "before", "around", "limit"),
    [(1, 2, None, 10), (None, 1, 1, 10), (None, None, None, 0), (None, 5, None, -1), (-1, None, None, 1)],
)
async def test_what_cannot_be_asked_for_is_an_error(
    archive: Archive, after: int | None, before: int | None, around: int | None, limit: int
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        await archive.page("room", EPOCH, after=after, before=before, around=around, limit=limit)
