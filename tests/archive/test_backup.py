"""Backup and restore, with the commands of docs/operations.md."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from archive.base import ArchivedEntry, ArchiveOptions
from archive.postgres import PostgresArchive
from archive.sqlite import SqliteArchive
from archive.testing.samples import everything, numbered
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import find_programs, shared_postgres
from tests.service.transfer.histories import exported, fill

PAGE: Final = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")


def archive_in(folder: Path) -> SqliteArchive:
    return SqliteArchive(ArchiveOptions(url=f"sqlite:///{folder}/hubbub.sqlite"))


def backup_with_python(folder: Path) -> None:
    """Run what the page says for a pod, in another folder."""
    [script] = re.findall(r'python -c "(import sqlite3;.*?)"', PAGE, re.DOTALL)
    script = re.sub(r"\s+", " ", script).replace("/var/lib/hubbub", str(folder))
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("way", ["backup", "vacuum"])
async def test_a_running_sqlite_archive_is_backed_up_and_restored(tmp_path: Path, way: str) -> None:
    running = archive_in(tmp_path)
    await running.start()
    entries = numbered("room", 3_000)
    await running.append(entries[:2_000])
    writing = asyncio.create_task(_append(running, entries[2_000:]))
    if way == "backup":
        await asyncio.to_thread(backup_with_python, tmp_path)
    else:
        [script] = re.findall(r'sqlite3 .data/hubbub.sqlite "(VACUUM INTO .*?)"', PAGE)
        code = f"import sqlite3; sqlite3.connect({str(tmp_path / 'hubbub.sqlite')!r}).execute({script!r})"
        await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code], check=True, cwd=tmp_path)
    await writing
    lineage = running.lineage
    await running.close()
    restored_in = tmp_path / "restored"
    restored_in.mkdir()
    (tmp_path / "backup.sqlite").rename(restored_in / "hubbub.sqlite")
    restored = archive_in(restored_in)
    await restored.start()
    found = await everything(restored, "room")
    assert len(found) >= 2_000
    assert found == entries[: len(found)]
    assert restored.lineage != lineage
    await restored.append(numbered("room", 1, first=len(found) + 1))
    await restored.close()


async def _append(archive: SqliteArchive, entries: list[ArchivedEntry]) -> None:
    for start in range(0, len(entries), 10):
        await archive.append(entries[start : start + 10])


async def test_a_postgresql_archive_is_dumped_and_restored(tmp_path: Path) -> None:
    server = await asyncio.to_thread(shared_postgres)
    programs = find_programs()
    dump, restore = re.findall(r"^(pg_dump|pg_restore) (.+)$", PAGE, re.MULTILINE)
    async with new_database(server) as first, new_database(server) as second:
        archive = PostgresArchive(ArchiveOptions(url=url_of(server, first)))
        await archive.start()
        await fill(archive)
        for (program, arguments), database in ((dump, first), (restore, second)):
            line = arguments.replace("$ARCHIVE_URL", url_of(server, database))
            command = [str(programs / program), *line.replace("hubbub.dump", str(tmp_path / "d")).split()]
            await asyncio.to_thread(
                subprocess.run, command, check=True, env={**os.environ, "PGCONNECT_TIMEOUT": "20"}
            )
        restored = PostgresArchive(ArchiveOptions(url=url_of(server, second)))
        await restored.start()
        assert await exported(restored) == await exported(archive)
        assert restored.lineage == archive.lineage
        await restored.append(numbered("new", 1))
        await archive.close()
        await restored.close()
