"""The write-ahead log as a power cut may leave it: cut off anywhere, or with sectors not written."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from archive.base import ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import numbered

SECTOR = 512
FRAME = 4096 + 24
SELECT = "SELECT position & 65535 FROM entries ORDER BY position"
WAL = "a.sqlite-wal"
# Entries of each batch; the last one is what is torn.
BATCHES = (1, 3, 30, 2, 100, 5)


class Left(NamedTuple):
    """A folder as a process left it, and how long the log was after each batch."""

    folder: Path
    ends: list[int]

    @property
    def log(self) -> bytes:
        return (self.folder / WAL).read_bytes()

    def entries(self, log: bytes) -> int:
        """Count the entries that are found with another log; they are the first ones, without a hole."""
        (self.folder / "torn").mkdir(exist_ok=True)
        shutil.copy(self.folder / "a.sqlite", self.folder / "torn")
        (self.folder / "torn" / WAL).write_bytes(log)
        (self.folder / "torn" / "a.sqlite-shm").unlink(missing_ok=True)
        database = sqlite3.connect(self.folder / "torn" / "a.sqlite")
        database.execute("PRAGMA synchronous = OFF")  # of this copy
        offsets = [row[0] for row in database.execute(SELECT)]
        [(head, count)] = database.execute("SELECT head, entries FROM epochs").fetchall() or [(0, 0)]
        database.close()
        assert offsets == list(range(1, len(offsets) + 1))
        assert head == count == len(offsets)
        return len(offsets)


@pytest.fixture
async def left(tmp_path: Path) -> Left:
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{tmp_path}/live/a.sqlite"))
    await archive.start()
    first, ends = 1, []
    for count in BATCHES:
        await archive.append(numbered("room", count, first=first))
        first += count
        ends.append((tmp_path / "live" / WAL).stat().st_size)
    shutil.copytree(tmp_path / "live", tmp_path / "left")
    await archive.close()
    return Left(tmp_path / "left", ends)


def stored_up_to(left: Left, length: int) -> int:
    """Count the entries of the batches whose part of the log is whole."""
    return sum(count for count, end in zip(BATCHES, left.ends, strict=True) if end <= length)


@pytest.mark.slow
def test_a_log_cut_off_at_any_byte_of_the_last_frame_has_the_batches_before(left: Left) -> None:
    log = left.log
    assert left.entries(log) == sum(BATCHES)
    for length in range(left.ends[-1] - FRAME, left.ends[-1]):
        assert left.entries(log[:length]) == stored_up_to(left, length) == sum(BATCHES[:-1])


def test_a_log_cut_off_in_any_sector_has_whole_batches(left: Left) -> None:
    log = left.log
    for length in range(left.ends[0], len(log), SECTOR):
        assert left.entries(log[:length]) == stored_up_to(left, length)


def test_any_sectors_of_the_last_batch_that_were_not_written_undo_it_as_a_whole(left: Left) -> None:
    chance = Random(7)  # noqa: S311  repeatable, no secret
    begin, end = left.ends[-2], left.ends[-1]
    sectors = range(begin // SECTOR + 1, end // SECTOR)
    for _ in range(200):
        log = bytearray(left.log)
        for sector in chance.sample(sectors, chance.randrange(1, len(sectors))):
            log[sector * SECTOR : (sector + 1) * SECTOR] = chance.randbytes(SECTOR)
        assert left.entries(bytes(log)) == sum(BATCHES[:-1])


async def test_a_copy_made_at_any_moment_has_all_that_was_confirmed_before(tmp_path: Path) -> None:
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{tmp_path}/live/a.sqlite"))
    await archive.start()
    left = Left(tmp_path / "live", [])
    await archive.append(numbered("room", 1))
    outcomes, confirmed = [], 1
    for first in range(2, 300, 3):
        outcomes.append(archive.append(numbered("room", 3, first=first)))
        if first % 7 == 0:
            await outcomes[len(outcomes) // 2]
        confirmed = max([confirmed, *(2 + 3 * n + 2 for n, each in enumerate(outcomes) if each.done())])
        found = left.entries(left.log)
        assert found >= confirmed
        assert found % 3 == 1
    await archive.close()
