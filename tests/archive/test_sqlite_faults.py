"""What can go wrong with a file: a full disk, rights, damage, another program, a killed process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from archive.base import Archive, ArchivedEntry, ArchiveOptions
from archive.errors import (
    ArchiveDamaged,
    ArchiveFull,
    ArchiveInUse,
    ArchiveMisconfigured,
    ArchiveReadOnly,
    ArchiveUnavailable,
)
from archive.sqlite import SqliteArchive
from archive.testing.samples import EPOCH, chain, everything, numbered
from tests.archive.sqlite_storage import run_in_thread

ROOT = Path(__file__).parents[2]
LETTER = b"this is a letter, not a database\n" * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "archive.sqlite"


@pytest.fixture
async def archive(path: Path) -> AsyncIterator[SqliteArchive]:
    made = make(path)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of one MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def read(path: Path) -> bytes:
    return path.read_bytes()


def remount_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


def overwrite(path: Path, start: int, content: bytes) -> None:
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(start)
        file.write(content)


def make(path: Path) -> SqliteArchive:
    return SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}"))


async def test_a_full_disk_refuses_writes_until_it_has_space_again(small_disk: Path) -> None:
    archive = make(small_disk / "a.sqlite")
    await archive.start()
    (small_disk / "filler").write_bytes(bytes(600_000))
    stored: list[ArchivedEntry] = []

    async def fill() -> None:
        while True:
            entries = chain("room", b"x" * 5000, first=len(stored) + 1)
            await archive.append(entries)
            stored.extend(entries)

    with pytest.raises(ArchiveFull, match=r"the disk is full \(\d+ (KiB|bytes) free\)\. Free space, or move"):
        await fill()
    assert stored
    with pytest.raises(ArchiveFull):
        await archive.append(chain("room", b"x" * 50_000, first=len(stored) + 1))
    assert await everything(archive, "room") == stored
    (small_disk / "filler").unlink()
    more = chain("room", b"y" * 5000, first=len(stored) + 1)
    await archive.append(more)
    assert await everything(archive, "room") == stored + more
    await archive.close()


async def test_a_full_disk_at_the_start_is_one_sentence(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes(1_044_480))
    with pytest.raises(ArchiveFull, match="the disk is full"):
        await make(small_disk / "a.sqlite").start()


async def test_a_file_that_may_not_grow_refuses_as_a_full_disk_does(archive: SqliteArchive) -> None:
    await archive.append(numbered("room", 3))
    run_in_thread(archive, "PRAGMA max_page_count = 20")
    with pytest.raises(ArchiveFull):
        await archive.append(chain("room", b"x" * 200_000, first=4))
    assert len(await everything(archive, "room")) == 3
    run_in_thread(archive, "PRAGMA max_page_count = 100000")
    await archive.append(chain("room", b"x" * 200_000, first=4))
    assert len(await everything(archive, "room")) == 4


async def test_a_file_system_that_is_read_only_is_one_sentence(small_disk: Path) -> None:
    archive = make(small_disk / "a.sqlite")
    await archive.start()
    await archive.close()
    remount_read_only(small_disk)
    for path in (small_disk / "a.sqlite", small_disk / "new" / "a.sqlite"):
        with pytest.raises(ArchiveReadOnly, match=r"read-only for this user\. Grant write permission"):
            await make(path).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_without_write_permission_is_one_sentence(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o500)
    with pytest.raises(ArchiveReadOnly, match="read-only for this user"):
        await make(path).start()


async def test_a_folder_that_can_not_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveUnavailable, match=r"can't be opened .*Check that its folder exists"):
        await make(tmp_path / "file" / "a.sqlite").start()


async def test_the_data_is_for_this_user_only(archive: SqliteArchive, path: Path) -> None:
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert Path(archive.place) == path


async def test_a_file_that_is_no_archive_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    overwrite(path, 0, LETTER)
    with pytest.raises(ArchiveDamaged, match=r"is damaged .*restore a backup"):
        await make(path).start()
    assert read(path) == LETTER


async def test_damaged_pages_are_reported_and_the_rest_can_be_read(path: Path) -> None:
    archive = make(path)
    await archive.start()
    await archive.append(chain("room", *[b"x" * 1000] * 500))
    await archive.close()
    overwrite(path, 4096 * 60, b"\xa5" * 8192)
    again = make(path)
    await again.start()
    with pytest.raises(ArchiveDamaged, match="is damaged"):
        await everything(again, "room")
    assert (await again.heads())["room"].offset == 500
    await again.close()


async def test_a_second_process_is_refused_by_name(archive: SqliteArchive, path: Path) -> None:
    await archive.append(numbered("room", 1))
    with pytest.raises(ArchiveInUse, match=rf"in use by another hubbub \(process {os.getpid()}\)"):
        await make(path).start()


async def test_another_program_that_writes_is_reported_and_waited_for(
    archive: SqliteArchive, path: Path
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ArchiveUnavailable, match="locked by another program"):
        await archive.append(numbered("room", 1))
    other.execute("ROLLBACK")
    other.close()
    await archive.append(numbered("room", 1))


async def test_a_backup_of_a_running_archive_is_whole(archive: SqliteArchive, path: Path) -> None:
    entries = numbered("room", 100)
    await archive.append(entries)
    with sqlite3.connect(path) as source, sqlite3.connect(path.with_name("backup.sqlite")) as target:
        source.backup(target)
    source.close()
    target.close()
    copy = make(path.with_name("backup.sqlite"))
    await copy.start()
    assert await everything(copy, "room") == entries
    await copy.close()
    await archive.append(numbered("room", 1, first=101))


@pytest.mark.parametrize(
    "url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite://host/file", "sqlite:///file?mode=ro", "file.db"]
)
def test_an_address_that_names_no_file_is_refused(url: str) -> None:
    with pytest.raises(ArchiveMisconfigured, match="write sqlite:///file"):
        SqliteArchive(ArchiveOptions(url=url))


def test_an_address_may_have_spaces_and_other_signs(tmp_path: Path) -> None:
    place = SqliteArchive(ArchiveOptions(url=f"sqlite:///{tmp_path}/a%20b%3F.sqlite")).place
    assert place == f"{tmp_path}/a b?.sqlite"


WRITER = """
import asyncio, sys
from archive.base import ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import numbered

async def main():
    archive = SqliteArchive(ArchiveOptions(url=sys.argv[1]))
    await archive.start()
    heads = await archive.heads()
    first = heads["room"].offset + 1 if heads else 1
    while True:
        await archive.append(numbered("room", 1 + first % 40, first=first))
        first += 1 + first % 40
        print(first - 1, flush=True)

asyncio.run(main())
"""


def write_and_kill(path: Path, batches: int) -> int:
    """Have a process append for so many batches, and kill it; return the last offset that it confirmed."""
    command = [sys.executable, "-c", WRITER, f"sqlite:///{path}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(batches)]
        writer.send_signal(signal.SIGKILL)
        return max(map(int, [*said, *writer.stdout.read().split()]))


@pytest.mark.slow
async def test_a_process_that_is_killed_in_a_commit_loses_nothing_that_was_confirmed(path: Path) -> None:
    chance = Random(7)  # noqa: S311  repeatable, no secret
    for _ in range(15):
        confirmed = write_and_kill(path, chance.randrange(1, 100))
        archive = make(path)
        await archive.start()
        entries = await everything(archive, "room")
        await archive.close()
        assert entries == numbered("room", len(entries))
        assert len(entries) >= confirmed
        assert whole_batches(len(entries)), "a part of a batch was stored"


def whole_batches(count: int) -> bool:
    """Return whether so many entries are a number of whole batches of the writer."""
    first = 1
    while first <= count:
        first += 1 + first % 40
    return first == count + 1


SLOW = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 3000000) SELECT max(x) FROM n"


async def test_a_page_that_is_not_answered_in_time_is_refused(path: Path) -> None:
    archive: Archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}", timeout=0.05))
    await archive.start()
    assert isinstance(archive, SqliteArchive)
    stuck = run_in_thread(
        archive,
        SLOW,
    )
    with pytest.raises(ArchiveUnavailable, match=r"did not answer within 0\.05 s"):
        await archive.page("room", EPOCH, limit=1)
    await stuck
    assert not (await archive.page("room", EPOCH, limit=1)).entries
    await archive.close()
