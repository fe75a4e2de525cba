"""An archive of any earlier version is opened, and nothing of it is lost.

For each version of the schema there is a dump of an archive in `versions/`, made when it was the newest:
`python -m tests.archive.write_version`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from archive.base import ArchiveOptions
from archive.errors import ArchiveMisconfigured
from archive.query import parse
from archive.sqlite import SqliteArchive
from archive.sqlite.migrations import FOLDER, current, migrate, statements
from archive.testing.samples import everything, numbered
from tests.archive.write_version import (
    MARK,
    SAMPLE,
    SUBSCRIPTION,
    VERSIONS,
    WITH_MARKS,
    WITH_SUBSCRIPTIONS,
    index_all,
    record_all,
)

DUMPS = sorted(VERSIONS.glob("*.sql"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.sqlite"


def restore(dump: Path, path: Path) -> None:
    database = sqlite3.connect(path)
    database.executescript(dump.read_text(encoding="utf-8"))
    assert current(database) == int(dump.stem)
    database.close()


def test_there_is_a_dump_of_each_version() -> None:
    assert [dump.stem for dump in DUMPS] == [file.name[:4] for file in sorted(FOLDER.glob("*.sql"))]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_an_archive_of_any_version_is_opened_and_goes_on(dump: Path, path: Path) -> None:
    restore(dump, path)
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}"))
    await archive.start()
    assert await everything(archive, "room") == SAMPLE
    more = numbered("room", 3, first=len(SAMPLE) + 1)
    await archive.append(more)
    assert await everything(archive, "room") == SAMPLE + more
    await index_all(archive)
    assert [hit.entry.payload for hit in (await archive.search(parse("one"), limit=9)).hits] == [
        SAMPLE[0].payload
    ]
    assert await archive.marks("ann", limit=9) == ([MARK] if int(dump.stem) >= WITH_MARKS else [])
    subscribed = [SUBSCRIPTION] if int(dump.stem) >= WITH_SUBSCRIPTIONS else []
    assert await archive.subscriptions.of(["ann"], since=0) == subscribed
    assert await record_all(archive) == [2]
    await archive.close()
    database = sqlite3.connect(path)
    assert current(database) == int(DUMPS[-1].stem)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


async def test_an_archive_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}"))
    await archive.start()
    await archive.close()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("INSERT INTO migrations VALUES (9999, '9999_future.sql', 0)")
    database.close()
    with pytest.raises(ArchiveMisconfigured, match=r"newer hubbub: .* version 9999.*Update hubbub"):
        await SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}")).start()


def test_a_migration_that_fails_changes_nothing(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_one.sql").write_text("CREATE TABLE one (x);\n", encoding="ascii")
    database = sqlite3.connect(path, isolation_level=None)
    assert migrate(database, path, 0, folder) == 1
    (folder / "0002_two.sql").write_text("CREATE TABLE two (x);\nDROP TABLE missing;\n", encoding="ascii")
    with pytest.raises(sqlite3.OperationalError, match="missing"):
        migrate(database, path, 0, folder)
    assert current(database) == 1
    tables = database.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall()
    assert tables == [("migrations",), ("one",)]
    (folder / "0002_two.sql").write_text("CREATE TABLE two (x);\n", encoding="ascii")
    assert migrate(database, path, 0, folder) == 2
    assert migrate(database, path, 0, folder) == 2
    database.close()


def test_a_script_is_split_at_the_ends_of_its_statements() -> None:
    script = (
        "-- a comment; with a semicolon\nCREATE TABLE a (x);\n\n"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  DELETE FROM a;\n  SELECT ';';\nEND;\nDROP TABLE a;\n"
    )
    assert [statement.split()[0] for statement in statements(script)] == ["--", "CREATE", "DROP"]
