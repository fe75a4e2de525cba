"""PostgreSQL: a server that is away, several nodes, migrations, and what is said about all of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from asyncpg import exceptions

from archive.base import ArchiveOptions, ArchiveRetention
from archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveReadOnly,
    ArchiveUnavailable,
)
from archive.postgres import PostgresArchive
from archive.postgres.address import shown
from archive.postgres.faults import translate
from archive.postgres.migrations import FOLDER, current, migrate
from archive.query import parse
from archive.testing.samples import EPOCH, everything, numbered
from tests.archive.postgres_storage import execute, new_database, url_of
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
from tests.contract.postgres_server import PostgresServer, shared_postgres
from tests.contract.server import running

DUMPS = sorted((VERSIONS / "postgres").glob("*.sql"))
SECRET = "swordfish"


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Return the URL of a new, empty database."""
    server = await asyncio.to_thread(shared_postgres)
    async with new_database(server) as database:
        yield url_of(server, database)


@asynccontextmanager
async def started(url: str, **options: object) -> AsyncIterator[PostgresArchive]:
    archive = PostgresArchive(replace(ArchiveOptions(url=url), **options))  # type: ignore[arg-type]
    await archive.start()
    try:
        yield archive
    finally:
        await archive.close()


# Several nodes --------------------------------------------------------------------------------------


async def test_nodes_that_append_the_same_at_the_same_time_store_it_once(url: str) -> None:
    rooms = {name: numbered(name, 200) for name in ("one", "two", "three")}
    async with started(url) as first, started(url) as second, started(url) as third:
        nodes = (first, second, third)
        await asyncio.gather(
            *(
                node.append([entry for entries in order for entry in entries[start : start + 50]])
                for start in range(0, 200, 30)
                for node, order in zip(
                    nodes, (list(rooms.values()), list(rooms.values())[::-1], [rooms["two"]]), strict=True
                )
            )
        )
        for name, entries in rooms.items():
            assert await everything(first, name) == entries
        assert first.lineage == second.lineage


async def test_what_was_trimmed_stays_trimmed_when_it_is_appended_again(url: str) -> None:
    entries = numbered("room", 20)
    retention = ArchiveRetention(entries=5)
    async with started(url, retention=retention, key_window=0.0, clock=lambda: 2e9) as archive:
        await archive.append(entries)
        for _ in range(10):
            await archive.trim()
        await archive.append(entries)
        assert await everything(archive, "room") == entries[15:]
        assert (await archive.heads())["room"] == (EPOCH, 20, 15)
        assert len(await archive.keys("room", EPOCH, since=0, limit=100)) == 5


# Faults -----------------------------------------------------------------------------------------------


async def test_a_server_that_restarts_costs_calls_only_while_it_is_away() -> None:
    with running(PostgresServer()) as server:
        async with new_database(server) as database, started(url_of(server, database)) as archive:
            entries = numbered("room", 10)
            await archive.append(entries[:5])
            server.kill()
            for _ in range(2):
                with pytest.raises(
                    ArchiveUnavailable, match=r"archive 127.0.0.1:\d+/test_\w+ is unavailable"
                ):
                    await archive.append(entries[5:])
                with pytest.raises(ArchiveUnavailable):
                    await archive.heads()
            await asyncio.to_thread(server.start)
            await archive.append(entries[5:])
            assert await everything(archive, "room") == entries


async def test_an_archive_whose_server_is_away_can_be_started_later() -> None:
    with running(PostgresServer()) as server:
        async with new_database(server) as database:
            server.kill()
            archive = PostgresArchive(ArchiveOptions(url=url_of(server, database)))
            with pytest.raises(ArchiveUnavailable):
                await archive.start()
            await asyncio.to_thread(server.start)
            await archive.start()
            await archive.append(numbered("room", 1))
            await archive.close()


async def test_a_statement_that_has_to_wait_ends_at_the_time_limit(url: str) -> None:
    async with started(url, timeout=2.0) as archive:
        await archive.append(numbered("room", 1))
        other = await asyncpg.connect(url)
        async with other.transaction():
            await other.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(ArchiveUnavailable, match="did not answer in time"):
                await archive.page("room", EPOCH, limit=1)
            with pytest.raises(ArchiveUnavailable, match="did not answer in time"):
                await archive.append(numbered("room", 1, first=2))
        await other.close()
        await archive.append(numbered("room", 1, first=2))
        assert len(await everything(archive, "room")) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("/test_", "/missing_"), r"database .* does not exist.*Check ARCHIVE_URL"),
        (("writer@", "stranger@"), r'role "stranger" does not exist.*Check ARCHIVE_URL'),
        (("?", "?nonsense=1&"), r"unrecognized configuration parameter.*Check ARCHIVE_URL"),
    ],
)
async def test_a_wrong_address_is_reported_without_its_password(
    url: str, change: tuple[str, str], reason: str
) -> None:
    wrong = f"{url}?sslmode=disable".replace(*change).replace("@", f":{SECRET}@")
    archive = PostgresArchive(ArchiveOptions(url=wrong))
    with pytest.raises(ArchiveMisconfigured, match=reason) as refused:
        await archive.start()
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(archive.options) + archive.place
    await archive.close()


@pytest.mark.parametrize(
    "wrong",
    ["postgresql://host", "postgresql://host/", "postgresql://host/a/b", f"postgresql://a:{SECRET}@h:x/b"],
)
def test_an_address_without_a_database_is_refused_without_quoting_it(wrong: str) -> None:
    with pytest.raises(ArchiveMisconfigured, match="postgresql://user@host:5432/database") as refused:
        shown(wrong)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://ann:secret@db.example.org:6432/chat?sslmode=verify-full", "db.example.org:6432/chat"),
        ("postgres://db/chat", "db:5432/chat"),
        ("postgresql:///chat?host=/run/postgresql", "/run/postgresql:5432/chat"),
        ("postgresql:///chat", "localhost:5432/chat"),
        (
            "postgresql://a:s@a:1,b,[fd00::1]:2/chat?target_session_attrs=primary",
            "a:1,b:5432,[fd00::1]:2/chat",
        ),
    ],
)
def test_the_place_has_no_secret(url: str, place: str) -> None:
    assert shown(url) == place


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (
            exceptions.DiskFullError("no space left"),
            ArchiveFull,
            "can't be written: no space left. Free space",
        ),
        (exceptions.ReadOnlySQLTransactionError("a standby"), ArchiveReadOnly, "Connect to the primary"),
        (exceptions.DataCorruptedError("bad page"), ArchiveDamaged, "Restore a backup"),
        (exceptions.TooManyConnectionsError("too many"), ArchiveUnavailable, "too many"),
        (ConnectionRefusedError("refused"), ArchiveUnavailable, "refused"),
        (TimeoutError(), ArchiveUnavailable, "did not answer in time"),
    ],
)
def test_what_the_server_reports_is_an_error_with_a_sentence(
    error: Exception, kind: type[ArchiveError], reason: str
) -> None:
    made = translate(error, "db:5432/chat")
    assert type(made) is kind
    assert reason in str(made)
    assert "db:5432/chat" in str(made)


# Migrations -------------------------------------------------------------------------------------------


def test_there_is_a_dump_of_each_version() -> None:
    assert [dump.stem for dump in DUMPS] == [file.name[:4] for file in sorted(FOLDER.glob("*.sql"))]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_an_archive_of_any_version_is_opened_and_goes_on(dump: Path, url: str) -> None:
    await execute(url, await asyncio.to_thread(dump.read_text, encoding="utf-8"))
    async with started(url) as archive:
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
    connection = await asyncpg.connect(url)
    assert await current(connection) == int(DUMPS[-1].stem)  # type: ignore[arg-type]
    await connection.close()


async def test_nodes_that_start_at_the_same_time_migrate_once(url: str) -> None:
    archives = [PostgresArchive(ArchiveOptions(url=url)) for _ in range(5)]
    await asyncio.gather(*(archive.start() for archive in archives))
    assert len({archive.lineage for archive in archives}) == 1
    await asyncio.gather(*(archive.close() for archive in archives))


async def test_an_archive_of_a_newer_version_is_refused_and_left_as_it_is(url: str) -> None:
    async with started(url):
        await execute(url, "INSERT INTO migrations VALUES (9999, '9999_future.sql')")
    with pytest.raises(ArchiveMisconfigured, match=r"newer hubbub: .* version 9999.*Update hubbub"):
        await PostgresArchive(ArchiveOptions(url=url)).start()


async def test_a_migration_that_fails_changes_nothing(url: str, tmp_path: Path) -> None:
    (tmp_path / "0001_one.sql").write_text("CREATE TABLE one (x int);\n", encoding="ascii")
    pool = await asyncpg.create_pool(url, min_size=0, max_size=1)
    async with pool.acquire() as connection:
        assert await migrate(connection, "here", tmp_path) == 1
        second = tmp_path / "0002_two.sql"
        second.write_text("CREATE TABLE two (x int);\nDROP TABLE missing;\n", encoding="ascii")
        with pytest.raises(exceptions.UndefinedTableError, match="missing"):
            await migrate(connection, "here", tmp_path)
        assert await current(connection) == 1
        assert await connection.fetchval("SELECT to_regclass('two')") is None
        second.write_text("CREATE TABLE two (x int);\n", encoding="ascii")
        assert await migrate(connection, "here", tmp_path) == 2
        assert await migrate(connection, "here", tmp_path) == 2
    await pool.close()
