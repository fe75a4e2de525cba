"""A1 ready, A10 one owner, A12 lasting, A14 closed."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from archive.base import Archive
from archive.errors import ArchiveClosed, ArchiveInUse
from archive.search import SearchQuery
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, everything, numbered
from archive.testing.storage import Storage

METHODS: Final[dict[str, Callable[[Archive], Awaitable[object]]]] = {
    "append": lambda archive: archive.append(numbered("room", 1)),
    "append nothing": lambda archive: archive.append([]),
    "page": lambda archive: archive.page("room", EPOCH, limit=1),
    "heads": lambda archive: archive.heads(["room"]),
    "all heads": lambda archive: archive.heads(),
    "rooms": lambda archive: archive.rooms(limit=1),
    "keys": lambda archive: archive.keys("room", EPOCH, since=0, limit=1),
    "unindexed": lambda archive: archive.unindexed(limit=1),
    "index": lambda archive: archive.index("room", EPOCH, since=0, through=1, changes=[]),
    "rewind": lambda archive: archive.rewind("room", EPOCH, 0, head=1),
    "search": lambda archive: archive.search(SearchQuery(), limit=1),
    "trim": lambda archive: archive.trim(),
}
every_method = pytest.mark.parametrize("call", METHODS.values(), ids=METHODS.keys())


@promise("A1")
@every_method
async def test_every_method_works_once_start_has_returned(
    archive: Archive, call: Callable[[Archive], Awaitable[object]]
) -> None:
    await call(archive)
    assert archive.place
    assert all(isinstance(value, int | float) for value in archive.stats().values())


@promise("A1", "A14")
@every_method
async def test_an_archive_that_was_not_started_says_closed(
    storage: Storage, call: Callable[[Archive], Awaitable[object]]
) -> None:
    with pytest.raises(ArchiveClosed):
        await call(storage.archive())


@promise("A14")
@every_method
async def test_a_closed_archive_says_so(
    archive: Archive, call: Callable[[Archive], Awaitable[object]]
) -> None:
    await archive.close()
    with pytest.raises(ArchiveClosed):
        await call(archive)


@promise("A14")
async def test_an_archive_is_closed_once_and_for_all(archive: Archive) -> None:
    await archive.close()
    await archive.close()
    archive.stats()
    with pytest.raises(ArchiveClosed):
        await archive.start()


@promise("A14")
async def test_closing_finishes_the_appends_under_way_and_leaves_no_thread(storage: Storage) -> None:
    before = set(threading.enumerate())
    archive = storage.archive()
    await archive.start()
    entries = numbered("room", 20)
    outcomes = [archive.append([entry]) for entry in entries]
    await archive.close()
    assert all(outcome.done() and outcome.exception() is None for outcome in outcomes)
    assert set(threading.enumerate()) <= before
    again = storage.archive()
    await again.start()
    assert await everything(again, "room") == entries
    await again.close()


@promise("A12")
async def test_what_was_stored_is_there_after_a_restart(storage: Storage) -> None:
    entries = numbered("room", 20)
    lineages = set()
    for start in range(0, 20, 5):
        archive = storage.archive()
        await archive.start()
        await archive.append(entries[start : start + 5])
        assert await everything(archive, "room") == entries[: start + 5]
        lineages.add(archive.lineage)
        await archive.close()
    assert len(lineages) == 1


@promise("A10", needs="one_owner")
async def test_a_second_owner_is_refused_until_the_first_has_closed(
    storage: Storage, archive: Archive
) -> None:
    await archive.append(numbered("room", 1))
    second = storage.archive()
    with pytest.raises(ArchiveInUse, match=r"in use"):
        await second.start()
    await archive.append(numbered("room", 1, first=2))
    await archive.close()
    third = storage.archive()
    await third.start()
    assert len(await everything(third, "room")) == 2
    await third.close()
