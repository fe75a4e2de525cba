"""Rows as a table of one statement.

Python releases its lock around each call of SQLite, and a busy event loop gives it back late. Meanwhile
commits wait: so many rows are one call.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Final, TypeAlias

# Rows of one statement at most. The sizes are powers of two, so that few statements are prepared.
_LARGEST: Final = 256

Row: TypeAlias = Sequence[str | int | None]


def execute(connection: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run a statement for rows of the same length; it has `{rows}` for them.

    There are rows of NULL among them, which it must leave out.
    """
    for start in range(0, len(rows), _LARGEST):
        some = rows[start : start + _LARGEST]
        size, columns = 1 << (len(some) - 1).bit_length(), len(some[0])
        values = [value for row in some for value in row]
        values += [None] * (size * columns - len(values))
        connection.execute(statement.format(rows=_marks(size, columns)), values)


@cache
def _marks(rows: int, columns: int) -> str:
    row = "(" + ", ".join("?" * columns) + ")"
    return "VALUES " + ", ".join([row] * rows)
