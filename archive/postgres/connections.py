"""The connections of a node: one that writes, and a bounded number that read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias, TypeVar

import asyncpg
from asyncpg.pool import Pool, PoolConnectionProxy

from archive.base import ArchiveOptions
from archive.postgres.faults import RAISED, is_disconnected, translated

T = TypeVar("T")

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
Work: TypeAlias = Callable[[Connection], Awaitable[T]]

# Seconds after which an idle connection is closed.
_IDLE: Final = 300.0
# A commit is on the disk when it returns, also where the server's default is another.
_SETTINGS: Final = {"application_name": "hubbub", "synchronous_commit": "on"}


class Connections:
    """Runs work on a connection, within the time limit.

    Writes have a connection of their own, so they never wait behind reads. A connection that turns out dead
    is replaced once for each call: reads and appends may be repeated.
    """

    def __init__(self, options: ArchiveOptions, place: str) -> None:
        self._options = options
        self._place = place
        self._writers: Pool[asyncpg.Record] | None = None
        self._readers: Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Make the pools; connections are opened when they are needed."""
        self._writers = await self._pool(1)
        self._readers = await self._pool(self._options.connections)

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        pools, self._writers, self._readers = (self._writers, self._readers), None, None
        for pool in pools:
            if pool is not None:
                await self._close(pool)

    async def write(self, work: Work[T]) -> T:
        """Run work on the connection that writes."""
        return await self._run(self._writers, work)

    async def read(self, work: Work[T]) -> T:
        """Run work on one of the connections that read."""
        return await self._run(self._readers, work)

    async def _run(self, pool: Pool[asyncpg.Record] | None, work: Work[T]) -> T:
        assert pool is not None, "the archive is open while it works"  # noqa: S101  for the type checker
        with translated(self._place):
            async with asyncio.timeout(self._options.timeout):
                try:
                    return await self._once(pool, work)
                except RAISED as error:
                    if not is_disconnected(error):
                        raise
                return await self._once(pool, work)

    async def _once(self, pool: Pool[asyncpg.Record], work: Work[T]) -> T:
        async with self._acquired(pool) as connection:
            return await work(connection)

    @asynccontextmanager
    async def _acquired(self, pool: Pool[asyncpg.Record]) -> AsyncIterator[Connection]:
        connection: Connection = await pool.acquire()
        try:
            yield connection
        except (asyncio.CancelledError, asyncpg.InternalClientError):
            # The server may be frozen: waiting for it to cancel the statement could take as long again.
            # Or it is ending, and the connection between two states.
            connection.terminate()
            raise
        finally:
            await pool.release(connection)

    async def _pool(self, most: int) -> Pool[asyncpg.Record]:
        options = self._options
        with translated(self._place):
            return await asyncpg.create_pool(
                options.url,
                user=options.user or None,
                password=options.password or None,
                min_size=0,
                max_size=most,
                max_inactive_connection_lifetime=_IDLE,
                timeout=options.timeout,
                server_settings=_SETTINGS,
                # The work here leaves nothing behind that would have to be reset.
                reset=_keep,
            )

    async def _close(self, pool: Pool[asyncpg.Record]) -> None:
        try:
            async with asyncio.timeout(self._options.timeout):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _keep(_: object) -> None:
    """Reset nothing."""
