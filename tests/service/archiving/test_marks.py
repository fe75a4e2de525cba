"""Read marks are gathered, and stored off the path of messages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from archive.base import Archive, ArchiveOptions, Mark
from archive.errors import ArchiveUnavailable
from archive.sqlite import SqliteArchive
from brokers.base import Position
from service.archiving.marks import StoredMarks, TooManyMarks


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    made = SqliteArchive(ArchiveOptions(url=f"sqlite:///{tmp_path}/a.sqlite"))
    await made.start()
    yield made
    await made.close()


def at(offset: int, room: str = "lobby", user: str = "ann") -> Mark:
    return Mark(user, room, "e", offset, 1000 + offset)


async def test_a_mark_is_known_at_once_and_stored_later(archive: Archive) -> None:
    marks = StoredMarks(archive, 10)
    assert await marks.known("ann", "lobby") is None
    marks.move(at(5))
    marks.move(at(3))
    assert await marks.known("ann", "lobby") == at(3), "the store decides"
    assert await marks.find("ann", "lobby") == at(5)
    assert await archive.marks_in("ann", ["lobby"]) == {}
    await marks.store()
    assert await archive.marks_in("ann", ["lobby"]) == {"lobby": at(5)}
    assert len(marks) == 0


async def test_what_moved_elsewhere_is_known_and_does_not_move_back(archive: Archive) -> None:
    marks = StoredMarks(archive, 10)
    marks.moved_elsewhere("ann", "lobby", "e", 4)
    assert await marks.known("ann", "lobby") is None, "it is read when it is needed"
    marks.move(at(5))
    marks.moved_elsewhere("ann", "lobby", "e", 4)
    assert await marks.known("ann", "lobby") == at(5)
    marks.moved_elsewhere("ann", "lobby", "e", 7)
    assert await marks.known("ann", "lobby") == at(5)._replace(offset=7)
    await marks.store()
    assert await archive.marks_in("ann", ["lobby"]) == {"lobby": at(5)}, "the other node stores its own"
    marks.moved_elsewhere("ann", "lobby", "another", 1)
    assert await marks.known("ann", "lobby") == at(5), "it was read again"


async def test_a_mark_beyond_the_end_of_its_room_is_forgotten(archive: Archive) -> None:
    marks = StoredMarks(archive, 10)
    await archive.mark([at(2)], most=10)
    marks.move(at(5))
    for end in (Position("e", 5), Position("another", 1)):
        marks.forget_beyond("ann", "lobby", end)
        assert await marks.known("ann", "lobby") == at(5)
    # A failover of the broker has lost the last entries.
    marks.forget_beyond("ann", "lobby", Position("e", 4))
    assert await marks.known("ann", "lobby") == at(2)
    marks.move(at(3))
    await marks.store()
    assert await archive.marks_in("ann", ["lobby"]) == {"lobby": at(3)}


async def test_pages_have_what_is_stored_and_what_waits(archive: Archive) -> None:
    marks = StoredMarks(archive, 10)
    await archive.mark([at(1, "a"), at(1, "c"), at(1, "e")], most=10)
    for mark in (at(1, "b"), at(2, "c"), at(1, "z", user="bob")):
        marks.move(mark)
    assert await marks.page("ann", None, 9) == [at(1, "a"), at(1, "b"), at(2, "c"), at(1, "e")]
    assert await marks.page("ann", "a", 2) == [at(1, "b"), at(2, "c")]


async def test_what_can_not_be_stored_waits_and_moves_on(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = StoredMarks(archive, 10)

    async def away(*_: object, **__: object) -> None:
        raise ArchiveUnavailable("the archive is away")

    with monkeypatch.context() as patch:
        patch.setattr(archive, "mark", away)
        marks.move(at(5))
        with pytest.raises(ArchiveUnavailable):
            await marks.store()
        marks.move(at(6))
        await marks.finish(1)
    assert len(marks) == 1
    await marks.finish(1)
    assert await archive.marks_in("ann", ["lobby"]) == {"lobby": at(6)}


async def test_so_many_marks_wait_and_further_ones_are_refused(archive: Archive) -> None:
    marks = StoredMarks(archive, 10, most_waiting=2)
    marks.move(at(1, "a"))
    marks.move(at(1, "b"))
    marks.move(at(2, "a"))
    with pytest.raises(TooManyMarks, match="try again later"):
        marks.move(at(1, "c"))


async def test_so_many_marks_are_known_without_a_read(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = StoredMarks(archive, 10, most_known=1)
    marks.move(at(1, "a"))
    marks.move(at(1, "b"))
    await marks.store()
    monkeypatch.delattr(type(archive), "marks_in")
    assert await marks.known("ann", "b") == at(1, "b")
    with pytest.raises(AttributeError):
        await marks.known("ann", "a")
