"""Push subscriptions in PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Final, Protocol, TypeVar

from typing_extensions import override

from archive.postgres.connections import Connection, Work
from archive.postgres.text import decoded, encoded
from archive.subscriptions import PushSubscription, PushSubscriptions

T = TypeVar("T")

_EXPIRE: Final = "DELETE FROM push_subscriptions WHERE at < $1"
_IS_FULL: Final = """
SELECT (SELECT count(*) FROM push_subscriptions) >= $1
    AND NOT EXISTS (SELECT FROM push_subscriptions WHERE endpoint = $2)
"""
_ADD: Final = """
INSERT INTO push_subscriptions VALUES ($1, $2, $3, $4) ON CONFLICT (endpoint) DO UPDATE SET
    "user" = excluded."user", details = excluded.details, at = excluded.at
"""
_EVICT: Final = """
DELETE FROM push_subscriptions WHERE "user" = $1 AND endpoint IN (
    SELECT endpoint FROM push_subscriptions WHERE "user" = $1 ORDER BY at DESC, endpoint OFFSET $2
)
"""
_OF: Final = """
SELECT "user", endpoint, details, at FROM push_subscriptions WHERE at >= $1 AND "user" = ANY($2::bytea[])
"""
_REMOVE: Final = 'DELETE FROM push_subscriptions WHERE "user" = $1 AND endpoint = $2'
_FORGET: Final = 'DELETE FROM push_subscriptions WHERE "user" = $1'


class _Read(Protocol):
    def __call__(self, work: Work[T], /) -> Awaitable[T]: ...


class PostgresSubscriptions(PushSubscriptions):
    """The subscriptions in one database."""

    def __init__(self, read: _Read) -> None:
        self._read = read

    @override
    async def add(self, subscription: PushSubscription, *, most_per_user: int, most: int, since: int) -> bool:
        return await self._read(lambda on: _add(on, subscription, most_per_user, most, since))

    @override
    async def of(self, users: Iterable[str], *, since: int) -> list[PushSubscription]:
        wanted = [encoded(user) for user in dict.fromkeys(users)]
        rows = await self._read(lambda on: on.fetch(_OF, since, wanted))
        return [PushSubscription(decoded(row[0]), decoded(row[1]), row[2], row[3]) for row in rows]

    @override
    async def remove(self, user: str, endpoint: str) -> None:
        await self._read(lambda on: on.execute(_REMOVE, encoded(user), encoded(endpoint)))

    @override
    async def forget(self, user: str) -> None:
        await self._read(lambda on: on.execute(_FORGET, encoded(user)))


async def _add(
    connection: Connection, added: PushSubscription, most_per_user: int, most: int, since: int
) -> bool:
    user, endpoint = encoded(added.user), encoded(added.endpoint)
    async with connection.transaction():
        await connection.execute(_EXPIRE, since)
        if await connection.fetchval(_IS_FULL, most, endpoint):
            return False
        await connection.execute(_ADD, endpoint, user, added.details, added.at)
        await connection.execute(_EVICT, user, most_per_user)
    return True
