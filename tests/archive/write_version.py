"""Write dumps of archives of the newest version: `python -m tests.archive.write_version`.

A version that was released is never written again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from archive.base import Archive, ArchiveOptions
from archive.postgres import PostgresArchive
from archive.postgres.migrations import FOLDER
from archive.sqlite import SqliteArchive
from archive.testing.samples import chain
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import PostgresServer, find_programs
from tests.contract.server import running

VERSIONS: Final = Path(__file__).with_name("versions")
SAMPLE: Final = chain("room", b'{"text":"one"}', b"\x00\xff", b"", b"x" * 5000)


async def fill(archive: Archive) -> None:
    """Store what every dump has."""
    await archive.start()
    await archive.append(SAMPLE)
    await archive.append(chain("another", b"text", epoch="other"))
    await archive.close()


async def write_sqlite() -> None:
    """Make an SQLite archive, and dump it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        await fill(SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}")))
        database = sqlite3.connect(path)
        version = database.execute("SELECT max(version) FROM migrations").fetchone()[0]
        dump = "\n".join(database.iterdump())
        database.close()
    (VERSIONS / f"{version:04}.sql").write_text(f"{dump}\n", encoding="utf-8")


async def write_postgres(server: PostgresServer) -> None:
    """Make a PostgreSQL archive, and dump it."""
    version = max(file.name for file in FOLDER.glob("*.sql"))[:4]
    async with new_database(server) as database:
        await fill(PostgresArchive(ArchiveOptions(url=url_of(server, database))))
        dump = await asyncio.to_thread(_dump, server.url_of(database))
    # Lines for psql, and remarks on the server's version.
    lines = [line for line in dump.splitlines() if line and not line.startswith(("\\", "--"))]
    (VERSIONS / "postgres" / f"{version}.sql").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _dump(url: str) -> str:
    command = [str(find_programs() / "pg_dump"), "--inserts", "--no-owner", url]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def main() -> None:
    """Write both."""
    asyncio.run(write_sqlite())
    with running(PostgresServer()) as server:
        asyncio.run(write_postgres(server))


if __name__ == "__main__":
    main()
