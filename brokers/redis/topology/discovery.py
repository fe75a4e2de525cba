"""Discover which shard has which slots: periodically, and on every redirect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, cast

from redis.exceptions import RedisError, ResponseError

from brokers.errors import BrokerError, Misconfigured, Unavailable
from brokers.redis.connection.client import RedisClient, describe, pack
from brokers.redis.connection.compatibility import classify_error
from brokers.redis.connection.url import RedisUrl, ServerAddress
from brokers.redis.topology.shards import Shards
from brokers.redis.topology.slot_map import SlotMap, newest_slot_map, read_slot_map

logger: Final = logging.getLogger(__name__)

_PERIOD: Final = 10.0  # seconds between two refreshes in normal operation
_DEGRADED_PERIOD: Final = 0.25  # while the cluster is degraded
_MIN_PERIOD: Final = 0.05  # minimum


class ClusterDiscovery:
    """Keeps the slot map of a Redis Cluster up to date."""

    def __init__(self, redis_url: RedisUrl, shards: Shards) -> None:
        self._redis_url = redis_url
        self._shards = shards
        self._known: frozenset[ServerAddress] = frozenset(redis_url.seeds)

    async def discover(self) -> None:
        """Discover the shards for the first time.

        Raises:
            Unavailable: no server can be reached.
            Misconfigured: a server is not part of a cluster, or denies access.
        """
        self._shards.apply(await self._ask_all())

    async def run(self) -> None:
        """Refresh the slot map until cancelled."""
        refresh_requested = self._shards.refresh_requested
        while True:
            await asyncio.sleep(_MIN_PERIOD)
            with suppress(TimeoutError):
                async with asyncio.timeout(_DEGRADED_PERIOD if self._shards.degraded else _PERIOD):
                    await refresh_requested.wait()
            refresh_requested.clear()
            try:
                self._shards.apply(await self._ask_all())
            except BrokerError as error:
                logger.info("redis_topology_unavailable", extra={"reason": str(error)})
            except Exception:
                logger.exception("redis_topology_refresh_failed")

    async def _ask_all(self) -> SlotMap:
        """Ask all known servers at the same time, and use the slot map with the highest epoch."""
        answers = await asyncio.gather(*map(self._ask, self._known), return_exceptions=True)
        said_by = [answer for answer in answers if isinstance(answer, SlotMap)]
        found = newest_slot_map(said_by)
        if found is None:
            raise _most_actionable(answer for answer in answers if isinstance(answer, BaseException))
        self._known = frozenset((*self._redis_url.seeds, *found.owners, *found.replicas))
        return found

    async def _ask(self, address: ServerAddress) -> SlotMap:
        # Short, so that an unreachable server does not delay the others' answers.
        settings = self._redis_url.settings
        client = RedisClient(self._redis_url.open(address), min(1.0, settings.timeout), idle=settings.idle)
        try:
            info, slots = await client.run(pack("CLUSTER", "INFO"), pack("CLUSTER", "SLOTS"))
        except Unavailable as error:
            raise classify_error(error) from error
        finally:
            with suppress(RedisError, OSError):
                await client.close()
        for reply in (info, slots):
            if isinstance(reply, ResponseError):
                raise Misconfigured(f"{address} is not a server of a Redis Cluster: {describe(reply)}")
        return read_slot_map(cast(bytes, info), slots, address)


def _most_actionable(errors: Iterable[BaseException]) -> BaseException:
    """Choose the error to report: a misconfiguration before an outage."""
    known = list(errors)
    found = next((error for error in known if not isinstance(error, Unavailable)), None)
    return found or next(
        iter(known), Unavailable("no server of the Redis Cluster knows the owners of its slots")
    )
