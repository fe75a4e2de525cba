"""A11 honest, A13 bounded."""

from __future__ import annotations

import asyncio

import pytest

from archive.base import Archive
from archive.errors import ArchiveOverloaded, ArchiveUnavailable
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, everything, numbered
from archive.testing.storage import Storage


@promise("A11", needs="refusal")
async def test_while_writes_are_refused_reads_work_and_then_both(storage: Storage, archive: Archive) -> None:
    entries = numbered("room", 10)
    await archive.append(entries[:5])
    storage.refuse_writes()
    for _ in range(3):
        with pytest.raises(ArchiveUnavailable, match=r"[Tt]he archive .* can't be written"):
            await archive.append(entries[5:])
        assert await everything(archive, "room") == entries[:5]
        assert (await archive.heads())["room"].offset == 5
    storage.accept_writes()
    await archive.append(entries[5:])
    assert await everything(archive, "room") == entries


@promise("A11", needs="refusal")
async def test_an_empty_append_shows_whether_writes_are_refused(storage: Storage, archive: Archive) -> None:
    storage.refuse_writes()
    with pytest.raises(ArchiveUnavailable):
        await archive.append([])
    storage.accept_writes()
    await archive.append([])
    assert await archive.heads() == {}


@promise("A13", pending=10)
async def test_so_many_calls_wait_and_the_next_is_refused(archive: Archive) -> None:
    entries = numbered("room", 100)
    outcomes = [archive.append([entry]) for entry in entries]
    results = await asyncio.gather(*outcomes, return_exceptions=True)
    refused = [isinstance(result, ArchiveOverloaded) for result in results]
    assert refused == [False] * 10 + [True] * 90
    await archive.append(entries[10:])
    assert await everything(archive, "room") == entries


@promise("A13")
async def test_reads_and_writes_at_once_all_get_their_answers(archive: Archive) -> None:
    entries = numbered("room", 200)
    outcomes = [archive.append([entry]) for entry in entries]
    pages = await asyncio.gather(*(archive.page("room", EPOCH, limit=10) for _ in range(200)))
    await asyncio.gather(*outcomes)
    for page in pages:
        stored = page.head.offset if page.head else 0
        assert list(page.entries) == entries[max(0, stored - 10) : stored]
    assert await everything(archive, "room") == entries
