"""Rows of the table of entries as entries."""

from __future__ import annotations

from typing import Final

import asyncpg

from archive.base import ArchivedEntry, Author
from archive.postgres.text import decoded

# To be formatted with the name of the table.
COLUMNS: Final = (
    '{table}.prev, {table}."offset", {table}.at, {table}.key, {table}.payload,'
    " {table}.author_id, {table}.author_name, {table}.author_kind"
)


def entry_of(room: str, epoch: str, row: asyncpg.Record) -> ArchivedEntry:
    """Return the entry in a row that has these columns, by their names."""
    stored = (row["author_id"], row["author_name"], row["author_kind"])
    author = Author(*(None if each is None else decoded(each) for each in stored))
    return ArchivedEntry(
        room, epoch, row["prev"], row["offset"], row["at"], decoded(row["key"]), row["payload"], author
    )
