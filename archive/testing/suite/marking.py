"""A17 marks."""

from __future__ import annotations

import pytest

from archive.base import Archive, ArchiveRetention, Mark, Unread
from archive.search import Searchable
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain, numbered
from archive.testing.storage import Storage
from archive.words import words_of

AT = 1_700_000_000_000
MOST = 1_000


def at(offset: int, *, user: str = "ann", room: str = "room", epoch: str = EPOCH, moved: int = AT) -> Mark:
    return Mark(user, room, epoch, offset, moved)


async def index(archive: Archive, room: str, authors: dict[int, str], through: int, since: int = 0) -> None:
    words = [
        Searchable(offset, words_of("hello"), author, author_id=author) for offset, author in authors.items()
    ]
    assert await archive.index(room, EPOCH, since=since, through=through, changes=words)


@promise("A17")
async def test_a_mark_moves_forward_and_never_back(archive: Archive) -> None:
    await archive.mark([at(5)], most=MOST)
    await archive.mark([at(3, moved=AT + 1)], most=MOST)
    assert await archive.marks_in("ann", ["room", "other"]) == {"room": at(5)}
    await archive.mark([at(7, moved=AT - 1), at(6, moved=AT + 1)], most=MOST)
    assert (await archive.marks_in("ann", ["room"]))["room"].offset == 7
    await archive.mark([], most=MOST)
    assert await archive.marks_in("bob", ["room"]) == {}
    assert await archive.marks_in("ann", []) == {}


@promise("A17")
async def test_a_mark_of_another_epoch_is_ahead_if_it_moved_later(archive: Archive) -> None:
    await archive.mark([at(5, epoch="first", moved=AT)], most=MOST)
    await archive.mark([at(2, epoch="second", moved=AT + 1)], most=MOST)
    await archive.mark([at(9, epoch="first", moved=AT)], most=MOST)
    assert await archive.marks_in("ann", ["room"]) == {"room": at(2, epoch="second", moved=AT + 1)}


@promise("A17", "A8")
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_the_marks_of_a_user_are_read_in_pages(archive: Archive, limit: int) -> None:
    names = ["", "\x00", "a", "ab", "Z", "\u00e9", "\U0001f600"]
    await archive.mark([at(1, room=name, user="\x00ann") for name in names], most=MOST)
    await archive.mark([at(1, user="bob")], most=MOST)
    read: list[Mark] = []
    while page := await archive.marks("\x00ann", after=read[-1].room if read else None, limit=limit):
        read += page
    assert [mark.room for mark in read] == sorted(names, key=str.encode)


@promise("A17")
async def test_the_marks_of_a_user_that_moved_last_are_kept(archive: Archive) -> None:
    await archive.mark([at(1, room=f"room {number}", moved=AT + number) for number in range(5)], most=3)
    await archive.mark([at(1, user="bob", room=f"room {number}") for number in range(3)], most=3)
    assert [mark.room for mark in await archive.marks("ann", limit=9)] == ["room 2", "room 3", "room 4"]
    await archive.mark([at(2, room="room 2", moved=AT + 9), at(1, room="new", moved=AT + 9)], most=3)
    assert [mark.room for mark in await archive.marks("ann", limit=9)] == ["new", "room 2", "room 4"]
    assert len(await archive.marks("bob", limit=9)) == 3


@promise("A17", "A2", needs="crash")
async def test_marks_outlive_a_killed_process(archive: Archive, storage: Storage) -> None:
    await archive.mark([at(5)], most=MOST)
    storage.crash()
    again = storage.archive()
    await again.start()
    assert await again.marks("ann", limit=9) == [at(5)]
    await again.close()


@promise("A17", "A15")
async def test_the_messages_of_others_behind_a_mark_are_counted(archive: Archive) -> None:
    await archive.append(numbered("room", 9))
    await archive.append(numbered("other", 3))
    # 4 and 8 are no messages.
    authors = {1: "bob", 2: "ann", 3: "bob", 5: "bob", 6: "ann", 7: "cem"}
    await index(archive, "room", authors, through=8)

    async def count(offset: int, most: int = 100, epoch: str = EPOCH) -> Unread:
        return (await archive.unread([at(offset, epoch=epoch)], most=most))["room"]

    assert await count(0) == Unread(EPOCH, 9, 8, 4)
    assert await count(2) == Unread(EPOCH, 9, 8, 3)
    assert await count(5) == Unread(EPOCH, 9, 8, 1)
    assert await count(9) == Unread(EPOCH, 9, 8, 0)
    assert await count(0, most=2) == Unread(EPOCH, 9, 8, 2)
    assert await count(7, epoch="earlier") == Unread(EPOCH, 9, 8, 4)
    marks = [at(0), at(1, room="other"), at(1, room="unknown")]
    assert await archive.unread(marks, most=9) == {
        "room": Unread(EPOCH, 9, 8, 4),
        "other": Unread(EPOCH, 3, 0, 0),
    }
    assert await archive.unread([], most=9) == {}


def mentioning(offset: int, *users: str, edit: int | None = None) -> Searchable:
    return Searchable(offset, words_of("hello"), "bob", "bob", edit=edit, mentions=users)


@promise("A17", "A15")
async def test_messages_that_mention_the_user_are_counted_as_they_are_now(archive: Archive) -> None:
    await archive.append(numbered("room", 8))

    async def count(offset: int, user: str = "ann", most: int = 9) -> int:
        return (await archive.unread([at(offset, user=user)], most=most))["room"].mentions

    first = [mentioning(1, "ann"), mentioning(2, "ann", "cem"), mentioning(3), mentioning(4, "ann", "ann")]
    assert await archive.index("room", EPOCH, since=0, through=4, changes=first)
    assert [await count(0), await count(1), await count(4), await count(0, most=2)] == [3, 2, 0, 2]
    assert [await count(0, "cem"), await count(0, "dan")] == [1, 0]
    later = [mentioning(3, "ann", edit=5), mentioning(2, "dan", edit=6), Searchable(4, None)]
    assert await archive.index("room", EPOCH, since=4, through=7, changes=later)
    assert [await count(0), await count(1), await count(0, "cem"), await count(0, "dan")] == [2, 1, 0, 1]
    await archive.erase("room", EPOCH, [1], b"erased")
    assert await count(0) == 1


@promise("A17", "A8")
async def test_users_with_marks_in_a_room_are_found_by_name(archive: Archive) -> None:
    marks = [
        at(1)._replace(name="ann"),
        at(1, user="\x00bob")._replace(name="\x00"),
        at(1, user="cem"),
        at(1, user="dan", room="other")._replace(name="dan"),
        at(1, user="first", moved=AT)._replace(name="same"),
        at(1, user="second", moved=AT + 1)._replace(name="same"),
    ]
    await archive.mark(marks, most=MOST)
    names = ["ann", "\x00", "", "dan", "same", "unknown", *map(str, range(600))]
    assert await archive.named("room", names) == {"ann": "ann", "\x00": "\x00bob", "same": "second"}
    await archive.mark([at(2)._replace(name="renamed")], most=MOST)
    assert await archive.named("room", ["ann", "renamed"]) == {"renamed": "ann"}
    assert await archive.named("room", []) == {}


@promise("A17")
async def test_the_marks_of_a_user_are_removed(archive: Archive) -> None:
    await archive.mark([at(1, room="a"), at(1, room="b"), at(1, room="c"), at(1, user="bob")], most=MOST)
    await archive.forget("ann", "b")
    assert [mark.room for mark in await archive.marks("ann", limit=9)] == ["a", "c"]
    await archive.forget("ann")
    assert await archive.marks("ann", limit=9) == []
    assert await archive.marks("bob", limit=9) == [at(1, user="bob")]
    await archive.mark([at(1)], most=MOST)
    assert await archive.marks("ann", limit=9) == [at(1)]


@promise("A17", "A15")
async def test_deleted_and_trimmed_messages_are_not_counted(archive: Archive) -> None:
    await archive.append(numbered("room", 3))
    await index(archive, "room", {1: "bob", 2: "bob"}, through=2)
    assert await archive.index("room", EPOCH, since=2, through=3, changes=[Searchable(1, None)])
    assert (await archive.unread([at(0)], most=9))["room"].messages == 1


@promise("A17", "A9", retention=ArchiveRetention(age=10))
async def test_messages_that_are_too_old_are_not_counted(archive: Archive, storage: Storage) -> None:
    now = int(storage.clock.now * 1000)
    await archive.append(chain("room", b"one", at=now))
    await archive.append(chain("room", b"two", first=2, at=now + 20_000))
    await index(archive, "room", {1: "bob", 2: "bob"}, through=2)
    assert (await archive.unread([at(0)], most=9))["room"].messages == 2
    storage.clock.now += 25
    assert (await archive.unread([at(0)], most=9))["room"].messages == 1
