"""Write the dump of an archive of the newest version: `python -m tests.archive.write_version`.

A version that was released is never written again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from archive.base import ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import chain

VERSIONS: Final = Path(__file__).with_name("versions")
SAMPLE: Final = chain("room", b'{"text":"one"}', b"\x00\xff", b"", b"x" * 5000)


async def main() -> None:
    """Make an archive, and dump it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "archive.sqlite"
        archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{path}"))
        await archive.start()
        await archive.append(SAMPLE)
        await archive.append(chain("another", b"text", epoch="other"))
        await archive.close()
        database = sqlite3.connect(path)
        version = database.execute("SELECT max(version) FROM migrations").fetchone()[0]
        dump = "\n".join(database.iterdump())
        database.close()
    (VERSIONS / f"{version:04}.sql").write_text(f"{dump}\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
