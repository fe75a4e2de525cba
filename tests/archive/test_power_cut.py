"""A power cut at any moment loses nothing that was confirmed, and stores no part of a batch."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.archive.power_cut import TRACE, Disk

ROOT = Path(__file__).parents[2]
CUTS = 400
BATCHES = 60

# The log is moved into the database again and again, so that cuts fall into that too.
WRITER = f"""
import asyncio, os, sys
from archive.base import ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import numbered
from tests.archive.sqlite_storage import run_in_thread

async def main():
    archive = SqliteArchive(ArchiveOptions(url=sys.argv[1]))
    await archive.start()
    await run_in_thread(archive, "PRAGMA wal_autocheckpoint = 20")
    await run_in_thread(archive, "PRAGMA synchronous = " + sys.argv[2])
    first = 1
    for batch in range({BATCHES}):
        count = 1 + batch % 7
        await archive.append(numbered("room", count, first=first))
        first += count
        os.write(1, b"%d\\n" % (first - 1))
    os._exit(0)

asyncio.run(main())
"""
WHOLE = {sum(1 + batch % 7 for batch in range(count)) for count in range(BATCHES + 1)}


def record(folder: Path, synchronous: str) -> Path:
    """Record the system calls of a process that appends."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    program = [sys.executable, "-c", WRITER, f"sqlite:///{folder}/data/a.sqlite", synchronous]
    trace = folder / "trace"
    done = subprocess.run([*TRACE, str(trace), *program], cwd=ROOT, capture_output=True, check=False)
    if b"ptrace" in done.stderr:
        pytest.skip("needs the right to trace a process")
    assert done.returncode == 0, done.stderr
    return trace


def stored(folder: Path) -> int:
    """Count what is found after a cut: a whole number of batches, in a sound database."""
    database = sqlite3.connect(folder / "a.sqlite")
    database.execute("PRAGMA synchronous = OFF")  # of this copy
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    if not database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'entries'").fetchall():
        count = 0
    else:
        payloads = [row[0] for row in database.execute("SELECT payload FROM entries ORDER BY position")]
        count = len(payloads)
        assert payloads == [b"%d" % number for number in range(1, count + 1)]
    database.close()
    return count


def cut_often(folder: Path, trace: Path) -> Iterator[tuple[int, int]]:
    """Cut the power after random calls; yield how many entries were confirmed, and how many are found."""
    chance = Random(7)  # noqa: S311  repeatable, no secret
    calls = sum(1 for _ in Disk(folder / "data").play(trace))
    cuts = set(chance.sample(range(1, calls), CUTS))
    disk = Disk(folder / "data")
    for number, _ in enumerate(disk.play(trace)):
        if number in cuts:
            after = folder / "after"
            after.mkdir()
            disk.write_after_a_cut(after, chance)
            yield disk.confirmed, stored(after)
            shutil.rmtree(after)
    assert disk.confirmed == max(WHOLE)


def test_a_power_cut_at_any_moment_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    results = list(cut_often(tmp_path, record(tmp_path, "FULL")))
    assert [(confirmed, found) for confirmed, found in results if found < confirmed] == []
    assert {found for _, found in results} <= WHOLE, "a part of a batch is stored"
    assert any(found > confirmed for confirmed, found in results), "no cut fell between a sync and its answer"


def test_this_proof_notices_commits_that_are_not_synced(tmp_path: Path) -> None:
    results = list(cut_often(tmp_path, record(tmp_path, "NORMAL")))
    assert any(found < confirmed for confirmed, found in results)
