"""PostgreSQL: nodes that have different entries of one room, after a failover of the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from archive.base import ArchiveOptions
from archive.errors import ArchiveConflict
from archive.postgres import PostgresArchive
from archive.testing.samples import EPOCH, everything, numbered
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import shared_postgres


@pytest.fixture
async def pair() -> AsyncIterator[tuple[PostgresArchive, PostgresArchive]]:
    """Return two nodes' ends of one archive."""
    server = await asyncio.to_thread(shared_postgres)
    async with new_database(server) as database:
        options = ArchiveOptions(url=url_of(server, database))
        first, second = PostgresArchive(options), PostgresArchive(options)
        await first.start()
        await second.start()
        yield first, second
        await first.close()
        await second.close()


async def test_an_entry_that_contradicts_the_chain_is_refused(
    pair: tuple[PostgresArchive, PostgresArchive],
) -> None:
    """One server of a failover has stored one chain, and its successor another one."""
    entries = numbered("room", 12)
    later = [
        entries[8]._replace(prev=5, offset=1009, key="a"),
        entries[9]._replace(prev=1009, offset=1010, key="b"),
    ]
    gap = entries[10]._replace(prev=1012, offset=1013)
    archive, _ = pair
    await archive.append(entries[:8])
    # It leaves out three that are stored.
    with pytest.raises(ArchiveConflict, match="a chain that leaves it out"):
        await archive.append([*numbered("other", 1), *later])
    assert await archive.rewind("room", EPOCH, 5, head=8)
    await archive.append([entries[4], *later, gap])
    # A node that still has the lost ones: those that are stored leave them out.
    for lost in (entries[5:8], entries[7:8], [entries[4], *entries[5:8]]):
        with pytest.raises(ArchiveConflict):
            await archive.append(lost)
    # In a gap that was reported nothing contradicts it, and nothing is added.
    await archive.append([entries[8]._replace(prev=1010, offset=1011)])
    assert await everything(archive, "room") == [*entries[:5], *later, gap]
    assert "other" not in await archive.heads()
    connection = await asyncpg.connect(archive.options.url)
    assert await connection.fetchval("SELECT entries FROM epochs") == 8
    await connection.close()


async def test_of_nodes_that_rewind_at_the_same_time_one_succeeds(
    pair: tuple[PostgresArchive, PostgresArchive],
) -> None:
    entries = numbered("room", 8)
    later = [entries[7]._replace(prev=5, offset=9, key="a")]
    first, second = pair
    await first.append(entries)
    both = await asyncio.gather(*(node.rewind("room", EPOCH, 5, head=8) for node in (first, second)))
    assert sorted(both) == [False, True]
    await asyncio.gather(*(node.append(later) for node in (first, second)))
    assert not await second.rewind("room", EPOCH, 5, head=8)
    assert await everything(first, "room") == [*entries[:5], *later]
