"""Keep one connection for publishing, and know which server it leads to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, cast

from redis.exceptions import RedisError

from brokers.redis.connection.client import Command, RedisClient, Reply, exchange, expect, pack
from brokers.redis.connection.compatibility import ServerFacts, read_server_facts
from brokers.redis.connection.url import Wire

logger: Final = logging.getLogger(__name__)

# Over an open connection a server may be demoted and promoted again, but not within this time.
_TARGET_MAX_AGE: Final = 2.0  # seconds


class PublishTarget(NamedTuple):
    """The server that a batch is sent to: its publish command, and its replication ID."""

    verb: bytes
    identity: bytes


class PublishConnection:
    """One connection, opened on demand.

    Redis changes its replication ID (`master_replid`) whenever it may have lost data: after a restart, and
    when a replica is promoted. Each command carries the ID that the node expects, see `scripts/publish.lua`.
    """

    def __init__(self, client: RedisClient, *, cluster: bool) -> None:
        self._client = client
        self._cluster = cluster
        self._wire: Wire | None = None
        self._server: PublishTarget | None = None
        self._known_at = 0.0
        self._used_at = 0.0
        self._loop = asyncio.get_running_loop()

    async def run(self, write: Callable[[PublishTarget], Sequence[Command]], limit: float) -> list[Reply]:
        """Send the commands that `write` makes for the server, and read all replies.

        Raises:
            Unavailable: a reply is missing; any of the commands may have been executed.
        """
        async with self._client.time_limit(limit):
            try:
                wire = await self._open_wire()
                target = await self._target_for(wire)
                self._used_at = self._loop.time()
                return await exchange(wire, write(target))
            except BaseException:
                await self.drop()
                raise

    async def drop(self) -> None:
        """Close the connection, if there is one."""
        wire, self._wire, self._server = self._wire, None, None
        if wire is not None:
            await wire.disconnect(nowait=True)
            await self._client.release(wire)

    async def _open_wire(self) -> Wire:
        """Return the open connection, or another one if it is dead; before anything is published on it."""
        if self._wire is not None and (await _ended(self._wire) or not await self._is_alive(self._wire)):
            await self.drop()
        if self._wire is None:
            self._wire = await self._client.take()
        return self._wire

    async def _is_alive(self, wire: Wire) -> bool:
        """Ask the server what it is, if that is due or nothing was sent for a while."""
        idle = self._loop.time() - self._used_at
        if not (self._client.may_be_dead(idle) or self._is_outdated()):
            return True
        replies = await self._client.try_idle(wire, [pack("INFO")], idle)
        if replies is not None:
            self._learn(replies)
        return replies is not None

    async def _target_for(self, wire: Wire) -> PublishTarget:
        if self._server is None or self._is_outdated():
            return self._learn(await exchange(wire, [pack("INFO")]))
        return self._server

    def _is_outdated(self) -> bool:
        return self._loop.time() > self._known_at + _TARGET_MAX_AGE

    def _learn(self, replies: list[Reply]) -> PublishTarget:
        facts: ServerFacts = read_server_facts(cast(bytes, expect(replies[0])))
        verb = b"SPUBLISH" if self._cluster and facts.can_shard else b"PUBLISH"
        self._server = PublishTarget(verb, facts.identity.encode())
        self._known_at = self._loop.time()
        return self._server


async def _ended(wire: Wire) -> bool:
    """Return whether the server has closed a connection on which no reply is pending."""
    try:
        return bool(await wire.can_read())
    except (RedisError, OSError):
        return True
