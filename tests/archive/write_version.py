"""Write dumps of archives of the newest version: `python -m tests.archive.write_version`.

A version that was released is never written again.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from archive.base import Archive, ArchiveOptions, Mark
from archive.postgres import PostgresArchive
from archive.postgres.migrations import FOLDER
from archive.references import Reference
from archive.search import Searchable
from archive.sqlite import SqliteArchive
from archive.subscriptions import PushSubscription
from archive.testing.samples import EPOCH, chain
from archive.words import words_of
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import PostgresServer, find_programs
from tests.contract.server import running

VERSIONS: Final = Path(__file__).with_name("versions")
SAMPLE: Final = chain("room", b'{"text":"one"}', b"\x00\xff", b"", b"x" * 5000)

# The first version that has marks.
WITH_MARKS: Final = 3
MARK: Final = Mark("ann", "room", EPOCH, 2, 1_700_000_000_000)

# The first version that has references.
WITH_REFERENCES: Final = 5
REFERENCE: Final = Reference(2, 1)

# The first version that has push subscriptions.
WITH_SUBSCRIPTIONS: Final = 6
SUBSCRIPTION: Final = PushSubscription("ann", "https://push.example/1", b"\x00keys", 1_700_000_000_000)


async def fill(archive: Archive) -> None:
    """Store what every dump has."""
    await archive.start()
    await archive.append(SAMPLE)
    await archive.append(chain("another", b"text", epoch="other"))
    words = [Searchable(1, words_of("one"), "ann", "g:1")]
    assert await archive.index("room", EPOCH, since=0, through=2, changes=words, references=[REFERENCE])
    await archive.mark([MARK], most=9)
    assert await archive.subscriptions.add(SUBSCRIPTION, most_per_user=9, most=9, since=0)
    await archive.close()


async def index_all(archive: Archive) -> None:
    """Index what was not indexed yet, as a search for `one` needs it."""
    for room, epoch, indexed in await archive.unindexed(limit=9):
        is_sample = room == "room" and not indexed
        words = [Searchable(1, words_of("one"), "ann", "g:1")] if is_sample else []
        references = [REFERENCE] if is_sample else []
        assert await archive.index(
            room, epoch, since=indexed, through=1_000, changes=words, references=references
        )


async def record_all(archive: Archive) -> list[int]:
    """Record the references that are missing; return the offsets of what changes the first entry."""
    for room, epoch, recorded in await archive.references.unrecorded(limit=9):
        references = [REFERENCE] if room == "room" else []
        assert await archive.references.record(
            room, epoch, since=recorded, through=1_000, references=references
        )
    assert await archive.references.unrecorded(limit=9) == []
    found = await archive.references.find("room", EPOCH, [1], most=9, most_replies=9)
    return [entry.offset for entry in found.changes]


async def write_sqlite() -> None:
    """Make an SQLite archive, and dump it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        await fill(SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}")))
        database = sqlite3.connect(path)
        version = database.execute("SELECT max(version) FROM migrations").fetchone()[0]
        dump = "\n".join(_statements(database))
        database.close()
    (VERSIONS / f"{version:04}.sql").write_text(f"{dump}\n", encoding="utf-8")


def _statements(database: sqlite3.Connection) -> Iterator[str]:
    """Yield the statements of a dump; the index of words is made anew, which `iterdump` can't do."""
    index = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'word_index'").fetchone()[0]
    for statement in database.iterdump():
        if statement.startswith("INSERT INTO sqlite_master"):
            yield f"{index};"
        elif "writable_schema" not in statement and not re.search(r"^\S+ \S+ ['\"]word_index", statement):
            yield statement
    yield "INSERT INTO word_index (word_index) VALUES ('rebuild');"


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
