"""The versions of the schema: plain SQL files, each applied once, all in one transaction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from archive.errors import ArchiveMisconfigured
from archive.postgres.connections import Connection

FOLDER: Final = Path(__file__).with_name("migrations")

_NAME: Final = re.compile(r"(\d{4})_[a-z_]+\.sql")
# Nodes that start at the same time take turns. The number has no meaning.
_LOCK: Final = 4_827_136_015
_VERSIONS: Final = (
    "CREATE TABLE IF NOT EXISTS migrations"
    " (version integer PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
)

_NEWEST: Final = "SELECT coalesce(max(version), 0) FROM migrations"


async def migrate(connection: Connection, place: str, folder: Path = FOLDER) -> int:
    """Bring the schema to the newest version; return it.

    Raises:
        ArchiveMisconfigured: the schema is newer than the newest migration here.
    """
    known = _read(folder)
    newest = max(known)
    # Read before anything is written: an archive that is up to date can be opened while it is read-only.
    version = await current(connection)
    if version < newest:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            # Not `current`: the session may not know yet of a table that another one has just made.
            await connection.execute(_VERSIONS)
            version = int(await connection.fetchval(_NEWEST))
            for number in range(version + 1, newest + 1):
                name, script = known[number]
                await connection.execute(script)
                await connection.execute(
                    "INSERT INTO migrations (version, name) VALUES ($1, $2)", number, name
                )
    if version > newest:
        raise ArchiveMisconfigured(
            f"The archive {place} was written by a newer hubbub: its schema is version {version}, and this "
            f"one knows {newest}. Update hubbub, or restore a backup from before the update."
        )
    return newest


async def current(connection: Connection) -> int:
    """Read the version of the schema; 0 for an empty database."""
    if await connection.fetchval("SELECT to_regclass('migrations') IS NULL"):
        return 0
    return int(await connection.fetchval(_NEWEST))


def _read(folder: Path) -> dict[int, tuple[str, str]]:
    """Read the names and the scripts of all migrations, by version."""
    files = (file for file in sorted(folder.iterdir()) if _NAME.fullmatch(file.name))
    return {int(file.name[:4]): (file.name, file.read_text(encoding="utf-8")) for file in files}
