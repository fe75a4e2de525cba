"""The archive in one file: SQLite from the standard library, in a thread of its own."""

from archive.sqlite.archive import SqliteArchive

__all__ = ["SqliteArchive"]
