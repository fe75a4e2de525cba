"""The storage of the PostgreSQL archive in tests: a database of its own on a real server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Final

import asyncpg
from typing_extensions import override

from archive.base import Archive, ArchiveOptions
from archive.postgres import PostgresArchive
from archive.testing.storage import Storage, StorageAbilities
from tests.contract.postgres_server import PostgresServer, shared_postgres

# The archives connect as a user who has no right but to this database.
WRITER: Final = "writer"
_TABLES: Final = "ON ALL TABLES IN SCHEMA public"


class PostgresStorage(Storage):
    """A database. A crash is one of the server, with all its processes; it is started again."""

    abilities = StorageAbilities(crash=True, refusal=True)

    def __init__(self, options: ArchiveOptions, server: PostgresServer, database: str) -> None:
        super().__init__(options)
        self._server = server
        self._database = database

    @classmethod
    @asynccontextmanager
    async def open(cls, options: ArchiveOptions) -> AsyncIterator[Storage]:
        server = await asyncio.to_thread(shared_postgres)
        async with new_database(server) as database:
            yield cls(options, server, database)

    @property
    def url(self) -> str:
        """The URL of the database, as the user who has no right but to it."""
        return url_of(self._server, self._database)

    @override
    def archive(self) -> Archive:
        return PostgresArchive(replace(self.options, url=self.url))

    @override
    def crash(self) -> None:
        self._server.kill()
        self._server.start()

    @override
    def refuse_writes(self) -> None:
        self._run(f"REVOKE INSERT, UPDATE, DELETE {_TABLES} FROM {WRITER}")

    @override
    def accept_writes(self) -> None:
        self._run(f"GRANT INSERT, UPDATE, DELETE {_TABLES} TO {WRITER}")

    def _run(self, statement: str) -> None:
        run_in_thread(execute(self._server.url_of(self._database), statement))


def url_of(server: PostgresServer, database: str) -> str:
    """Return the URL of a database for the archive."""
    return server.url_of(database).replace("hubbub@", f"{WRITER}@")


@asynccontextmanager
async def new_database(server: PostgresServer) -> AsyncIterator[str]:
    """Make a database that the archive's user owns, for the time of the block."""
    database = f"test_{token_hex(6)}"
    await execute(
        server.url,
        f"DO $$BEGIN CREATE ROLE {WRITER} LOGIN; EXCEPTION WHEN duplicate_object THEN END$$",
        f"CREATE DATABASE {database} OWNER {WRITER}",
    )
    try:
        yield database
    finally:
        await execute(server.url, f"DROP DATABASE {database} WITH (FORCE)")


async def execute(url: str, *statements: str) -> None:
    """Run statements on a connection of their own."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def run_in_thread(work: Coroutine[object, object, None]) -> None:
    """Run something to its end from within a test's loop."""
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    thread.join()
