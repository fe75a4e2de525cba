"""An older copy that is put back begins new epochs: no offset that clients have seen is used again."""

from __future__ import annotations

import shutil
from pathlib import Path

from archive.base import Archive, ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import everything, numbered


async def opened(path: Path) -> Archive:
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}"))
    await archive.start()
    return archive


async def test_a_restart_and_a_moved_folder_keep_the_lineage(tmp_path: Path) -> None:
    lineages = set()
    for number in range(3):
        archive = await opened(tmp_path / str(number) / "a.sqlite")
        lineages.add(archive.lineage)
        await archive.close()
        shutil.move(tmp_path / str(number), tmp_path / str(number + 1))
    assert len(lineages) == 1


async def test_a_copy_in_another_folder_begins_new_epochs_and_keeps_its_entries(tmp_path: Path) -> None:
    archive = await opened(tmp_path / "a.sqlite")
    lineage = archive.lineage
    mine = [entry._replace(epoch=lineage) for entry in numbered("room", 5)]
    await archive.append(mine)
    await archive.append(numbered("of a broker", 5))
    await archive.close()
    (tmp_path / "restored").mkdir()
    shutil.copy(tmp_path / "a.sqlite", tmp_path / "restored")
    copy = await opened(tmp_path / "restored" / "a.sqlite")
    assert copy.lineage != lineage
    heads = await copy.heads()
    assert (heads["room"].epoch, heads["room"].offset) == (copy.lineage, 5)
    assert heads["of a broker"].epoch == "epoch"
    read = await everything(copy, "room", copy.lineage)
    assert [entry.payload for entry in read] == [entry.payload for entry in mine]
    branch = copy.lineage
    await copy.close()
    again = await opened(tmp_path / "restored" / "a.sqlite")
    assert again.lineage == branch
    await again.close()


async def test_a_copy_of_an_earlier_run_is_recognised_in_place(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    await (await opened(path)).close()
    shutil.copy(path, tmp_path / "backup")
    lineages = []
    for restores in (False, False, True):
        if restores:
            shutil.copy(tmp_path / "backup", path)
        archive = await opened(path)
        lineages.append(archive.lineage)
        await archive.close()
    assert lineages[0] == lineages[1] != lineages[2]


async def test_a_crash_during_the_start_is_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    archive = await opened(path)
    lineage = archive.lineage
    await archive.close()
    before = path.read_bytes()
    await (await opened(path)).close()
    # The lock file was written, and the database was not.
    path.write_bytes(before)
    again = await opened(path)
    assert again.lineage == lineage
    await again.close()
