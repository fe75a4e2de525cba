"""The connection that publishes: kept from piece to piece, and known by the server that it leads to."""

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

# A server whose connections stay open may lose its role to another and get it back, but not as fast as that.
_TARGET_MAX_AGE: Final = 2.0  # seconds


class PublishTarget(NamedTuple):
    """The server that a piece goes to: how it publishes, and which line of its data it goes on with."""

    verb: bytes
    identity: bytes


class PublishConnection:
    """One connection, opened when it is needed.

    Redis forgets its identity (`master_replid`) whenever it may hold less than was told before: when it
    starts, and when a replica takes over. So each piece says whom it was meant for, see `scripts`.
    """

    def __init__(self, link: RedisClient, *, cluster: bool) -> None:
        self._link = link
        self._cluster = cluster
        self._wire: Wire | None = None
        self._server: PublishTarget | None = None
        self._known_at = 0.0
        self._loop = asyncio.get_running_loop()

    async def run(self, write: Callable[[PublishTarget], Sequence[Command]], limit: float) -> list[Reply]:
        """Send what is written for the server, and wait for all replies.

        Raises:
            Unavailable: not all replies came; any of the commands may have been carried out.
        """
        async with self._link.time_limit(limit):
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
            await self._link.release(wire)

    async def _open_wire(self) -> Wire:
        if self._wire is not None and await _ended(self._wire):
            await self.drop()
        if self._wire is None:
            self._wire = await self._link.take()
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
    """Tell whether the other side has closed a connection on which no reply is due."""
    try:
        return bool(await wire.can_read())
    except (RedisError, OSError):
        return True
