"""A19 rewind."""

from __future__ import annotations

from archive.base import Archive, ArchivedEntry, ArchiveRetention, Mark
from archive.references import Reference
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain, everything, numbered
from archive.testing.suite.searching import found, searchable, store


def replaced(*texts: str, prev: int, first: int) -> list[ArchivedEntry]:
    """Make what a broker stored after an offset, in place of what it lost."""
    entries = chain("room", *(text.encode() for text in texts), first=first)
    return [entries[0]._replace(prev=prev), *entries[1:]]


@promise("A19")
async def test_what_follows_an_offset_is_removed_and_others_may_follow(archive: Archive) -> None:
    entries = numbered("room", 8)
    await archive.append(entries)
    await archive.append(numbered("other", 8))
    assert await archive.rewind("room", EPOCH, 5, head=8)
    assert await everything(archive, "room") == entries[:5]
    assert (await archive.heads())["room"] == (EPOCH, 5, 0)
    # With smaller offsets than the lost ones, the same, and larger ones.
    later = replaced("a", "b", "c", prev=5, first=7)
    await archive.append(later)
    assert await everything(archive, "room") == [*entries[:5], *later]
    assert await everything(archive, "other") == numbered("other", 8)
    # To an offset between two entries.
    assert await archive.rewind("room", EPOCH, 6, head=9)
    assert (await archive.heads())["room"] == (EPOCH, 5, 0)


@promise("A19")
async def test_nothing_is_removed_once_the_head_is_another_one(archive: Archive) -> None:
    entries = numbered("room", 8)
    await archive.append(entries[:6])
    for head in (5, 7):
        assert not await archive.rewind("room", EPOCH, 2, head=head)
    for room, epoch in (("new", EPOCH), ("room", "another")):
        assert not await archive.rewind(room, epoch, 2, head=6)
    assert await archive.rewind("room", EPOCH, 6, head=6)
    assert await archive.rewind("room", EPOCH, 9, head=6)
    await archive.append(entries[6:])
    assert await everything(archive, "room") == entries


@promise("A19", "A9", retention=ArchiveRetention(entries=4), key_window=0.0)
async def test_what_is_kept_is_counted_without_what_was_removed(archive: Archive) -> None:
    await archive.append(numbered("room", 8))
    assert await archive.rewind("room", EPOCH, 6, head=8)
    assert (await archive.heads())["room"] == (EPOCH, 6, 4)
    later = replaced("a", "b", prev=6, first=9)
    await archive.append(later)
    assert await everything(archive, "room") == [*numbered("room", 2, first=5), *later]
    # Behind everything that is kept.
    assert await archive.rewind("room", EPOCH, 2, head=10)
    assert (await archive.heads())["room"] == (EPOCH, 2, 2)
    again = replaced("c", prev=2, first=11)
    await archive.append(again)
    assert await everything(archive, "room") == again


@promise("A19", "A15", "A18")
async def test_words_and_references_of_what_was_removed_leave(archive: Archive) -> None:
    await store(archive, "one apple", "two apple", "three apple")
    await archive.append(chain("room", b"four apple", b"five apple", first=4))
    changes = [searchable(4, "four apple"), searchable(5, "five apple"), searchable(2, "edited pear", edit=5)]
    references = [Reference(5, 2), Reference(4, 1, is_reply=True)]
    assert await archive.index("room", EPOCH, since=3, through=5, changes=changes, references=references)
    # The caller knows what the text was before the edit that was lost.
    assert await archive.rewind("room", EPOCH, 3, head=5, changes=[searchable(2, "two apple")])
    assert await found(archive, "apple") == ["three apple", "two apple", "one apple"]
    assert await found(archive, "pear") == []
    referring = await archive.references.find("room", EPOCH, [1, 2], most=9, most_replies=9)
    assert (referring.changes, referring.replies) == ((), {})
    later = replaced("six apple", prev=3, first=5)
    await archive.append(later)
    [(room, epoch, indexed)] = await archive.unindexed(limit=9)
    assert (room, epoch) == ("room", EPOCH)
    await archive.index(room, epoch, since=indexed, through=5, changes=[searchable(5, "six apple")])
    assert await found(archive, "apple") == ["six apple", "three apple", "two apple", "one apple"]


@promise("A19", "A15", "A18")
async def test_what_was_read_before_is_not_indexed_afterwards(archive: Archive) -> None:
    await store(archive, "one apple", "two apple")
    await archive.append(chain("room", b"three lost", b"four lost", first=3))
    assert await archive.rewind("room", EPOCH, 2, head=4)
    await archive.append(replaced("new", "new", "new", prev=2, first=4))
    late = [searchable(4, "four lost")]
    assert not await archive.index("room", EPOCH, since=2, through=4, changes=late)
    assert not await archive.references.record("room", EPOCH, since=2, through=4, references=[])
    [(_, _, indexed)] = await archive.unindexed(limit=9)
    words = [searchable(2, "two apple"), searchable(4, "new")]
    assert await archive.index("room", EPOCH, since=indexed, through=6, changes=words)
    assert await found(archive, "apple") == ["two apple", "one apple"]
    assert await found(archive, "lost") == []


@promise("A19", "A17")
async def test_marks_behind_which_entries_were_removed_move_back(archive: Archive) -> None:
    await archive.append(numbered("room", 8))
    marks = {
        "ahead": Mark("ahead", "room", EPOCH, 8, 5, "ahead"),
        "behind": Mark("behind", "room", EPOCH, 4, 5, "behind"),
        "elsewhere": Mark("elsewhere", "other", EPOCH, 8, 5, "elsewhere"),
        "another": Mark("another", "room", "another", 8, 5, "another"),
    }
    await archive.mark(list(marks.values()), most=9)
    assert await archive.rewind("room", EPOCH, 5, head=8)
    marks["ahead"] = marks["ahead"]._replace(offset=5)
    for user, mark in marks.items():
        assert await archive.marks(user, limit=9) == [mark]
