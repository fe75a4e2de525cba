"""What was erased has left the file, whatever removed it from the index before."""

from __future__ import annotations

from pathlib import Path

from archive.base import ArchiveOptions
from archive.search import Searchable
from archive.sqlite import SqliteArchive
from archive.testing.samples import EPOCH, numbered
from archive.testing.suite.searching import searchable, store


async def test_the_index_of_a_deletion_leaves_nothing_for_an_erasure(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}"))
    await archive.start()
    await store(archive, "one", "the xylophonkasten")
    await archive.append(numbered("room", 2, first=3))
    changes = [searchable(1, "the trommelkasten", edit=3), Searchable(2, None)]
    assert await archive.index("room", EPOCH, since=2, through=3, changes=changes)
    # The deletion is indexed before the entry is erased.
    assert await archive.index("room", EPOCH, since=3, through=4, changes=[Searchable(1, None)])
    await archive.erase("room", EPOCH, [1, 2], b"")
    while not await archive.purge():
        pass
    content = path.read_bytes()
    assert (b"xylophon" in content, b"trommel" in content) == (False, False)
    await archive.close()
