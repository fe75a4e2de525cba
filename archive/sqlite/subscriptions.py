"""Push subscriptions in SQLite, in the database's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from archive.sqlite.database import Database
from archive.sqlite.erasing import securely
from archive.subscriptions import PushSubscription, PushSubscriptions

T = TypeVar("T")

# Users that one statement asks for.
_USERS: Final = 500

_EXPIRE: Final = "DELETE FROM push_subscriptions WHERE at < ?"
_IS_FULL: Final = """
SELECT (SELECT count(*) FROM push_subscriptions) >= ?1
    AND NOT EXISTS (SELECT 1 FROM push_subscriptions WHERE endpoint = ?2)
"""
_ADD: Final = "INSERT OR REPLACE INTO push_subscriptions VALUES (?, ?, ?, ?)"
_EVICT: Final = """
DELETE FROM push_subscriptions WHERE user = ?1 AND endpoint IN (
    SELECT endpoint FROM push_subscriptions WHERE user = ?1 ORDER BY at DESC, endpoint LIMIT -1 OFFSET ?2
)
"""
_OF: Final = "SELECT user, endpoint, details, at FROM push_subscriptions WHERE at >= ? AND user IN ({})"


class _Read(Protocol):
    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class SqliteSubscriptions(PushSubscriptions):
    """The subscriptions in one file."""

    def __init__(self, database: Database, read: _Read) -> None:
        self._database = database
        self._read = read

    @override
    async def add(self, subscription: PushSubscription, *, most_per_user: int, most: int, since: int) -> bool:
        return await self._read(lambda: _add(self._database, subscription, most_per_user, most, since))

    @override
    async def of(self, users: Iterable[str], *, since: int) -> list[PushSubscription]:
        wanted = list(dict.fromkeys(users))
        return await self._read(lambda: _of(self._database.connection, wanted, since))

    @override
    async def remove(self, user: str, endpoint: str) -> None:
        await self._delete("user = ? AND endpoint = ?", user, endpoint)

    @override
    async def forget(self, user: str) -> None:
        await self._delete("user = ?", user)

    async def _delete(self, where: str, *values: str) -> None:
        def delete() -> None:
            with securely(self._database.connection), self._database.transaction() as connection:
                connection.execute(f"DELETE FROM push_subscriptions WHERE {where}", values)  # noqa: S608  no values

        await self._read(delete)


def _add(database: Database, added: PushSubscription, most_per_user: int, most: int, since: int) -> bool:
    with database.transaction() as connection:
        connection.execute(_EXPIRE, (since,))
        if connection.execute(_IS_FULL, (most, added.endpoint)).fetchone()[0]:
            return False
        connection.execute(_ADD, (added.endpoint, added.user, added.details, added.at))
        connection.execute(_EVICT, (added.user, most_per_user))
    return True


def _of(connection: sqlite3.Connection, users: Sequence[str], since: int) -> list[PushSubscription]:
    found: list[PushSubscription] = []
    for start in range(0, len(users), _USERS):
        some = users[start : start + _USERS]
        rows = connection.execute(_OF.format(", ".join("?" * len(some))), (since, *some))
        found += [PushSubscription(*row) for row in rows]
    return found
