"""Python releases its lock around each statement and row: commits wait for all that are one call."""

from __future__ import annotations

import time
from pathlib import Path

from archive.base import ArchiveRetention
from archive.references import Reference
from archive.sqlite.database import Database
from archive.sqlite.searching import index
from archive.sqlite.writing import Writer
from archive.testing.samples import EPOCH, numbered
from archive.testing.suite.searching import searchable


def test_a_part_is_indexed_in_as_many_statements_however_many_entries_it_has(tmp_path: Path) -> None:
    database = Database(tmp_path / "archive.sqlite", time.time)
    database.open()
    # All of them are of one millisecond.
    stored = [entry._replace(at=5) for entry in numbered("room", 60)]
    Writer(database, ArchiveRetention()).append(stored)
    statements: list[str] = []
    database.connection.set_trace_callback(statements.append)
    counts = []
    for since, through in [(0, 10), (10, 60)]:
        statements.clear()
        offsets = range(since + 1, through + 1)
        changes = [searchable(offset, "word")._replace(mentions=("ann", "bob")) for offset in offsets]
        references = [Reference(offset, 1) for offset in offsets]
        assert index(database, ("room", EPOCH), (since, through), changes, references)
        counts.append(len({statement for statement in statements if _is_of_python(statement)}))
    assert counts == [7, 7]
    rows = "SELECT (SELECT count(*) FROM searchable), (SELECT count(*) FROM mentions)"
    assert database.connection.execute(rows).fetchone() == (60, 120)
    assert database.connection.execute("SELECT count(*) FROM entry_references").fetchone() == (59,)
    database.close()


def _is_of_python(statement: str) -> bool:
    """Return whether it isn't of a trigger or of the index itself, which run while the lock is released."""
    return not statement.startswith(("--", "PRAGMA")) and "'word_index_" not in statement
