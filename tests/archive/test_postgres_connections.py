"""Connections to PostgreSQL that turn out dead are replaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from archive.base import ArchiveOptions
from archive.errors import ArchiveUnavailable
from archive.postgres.connections import Connection, Connections
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import shared_postgres

SAID = "cannot switch to state 12; another operation (2) is in progress"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Return the URL of a new, empty database."""
    server = await asyncio.to_thread(shared_postgres)
    async with new_database(server) as database:
        yield url_of(server, database)


async def test_a_connection_that_its_server_is_ending_is_replaced_once(url: str) -> None:
    connections = Connections(ArchiveOptions(url=url), "archive")
    await connections.open()
    used: list[int] = []

    async def work(connection: Connection, failures: int) -> int:
        used.append(connection.get_server_pid())
        if len(used) <= failures:
            raise asyncpg.InternalClientError(SAID)
        return int(await connection.fetchval("SELECT 1"))

    assert await connections.read(lambda on: work(on, 1)) == 1
    assert len(set(used)) == 2, "each on a connection of its own"
    used.clear()
    with pytest.raises(ArchiveUnavailable, match="cannot switch to state"):
        await connections.read(lambda on: work(on, 2))
    await connections.close()
