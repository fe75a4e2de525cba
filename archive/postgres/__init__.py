"""The archive that several nodes share: PostgreSQL, through asyncpg."""

from archive.postgres.archive import PostgresArchive

__all__ = ["PostgresArchive"]
