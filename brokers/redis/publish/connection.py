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
        self._loop = asyncio.get_running_loop()

    async def run(self, write: Callable[[PublishTarget], Sequence[Command]], limit: float) -> list[Reply]:
        """Send the commands that `write` makes for the server, and read all replies.

        Raises:
            Unavailable: a reply is missing; any of the commands may have been executed.
        """
        async with self._client.time_limit(limit):
            try:
                wire = await self._open_wire()
                return await exchange(wire, write(await self._target_for(wire)))
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
        if self._wire is not None and await _ended(self._wire):
            await self.drop()
        if self._wire is None:
            self._wire = await self._client.take()
        return self._wire

    async def _target_for(self, wire: Wire) -> PublishTarget:
        now = self._loop.time()
        if self._server is None or now > self._known_at + _TARGET_MAX_AGE:
            [info] = await exchange(wire, [pack("INFO")])
            facts: ServerFacts = read_server_facts(cast(bytes, expect(info)))
            verb = b"SPUBLISH" if self._cluster and facts.can_shard else b"PUBLISH"
            self._server = PublishTarget(verb, facts.identity.encode())
            self._known_at = now
        return self._server


async def _ended(wire: Wire) -> bool:
    """Return whether the server has closed a connection on which no reply is pending."""
    try:
        return bool(await wire.can_read())
    except (RedisError, OSError):
        return True
