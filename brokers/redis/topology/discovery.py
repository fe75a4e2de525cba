"""Where the slots of a cluster are: asked for now and then, and whenever something seems to be elsewhere."""

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

_PERIOD: Final = 10.0  # seconds between two questions while all is well
_SOON: Final = 0.25  # while something is away
_PACE: Final = 0.05  # at least


class ClusterDiscovery:
    """What a node knows of its cluster's servers."""

    def __init__(self, entrance: RedisUrl, shards: Shards) -> None:
        self._entrance = entrance
        self._shards = shards
        self._known: frozenset[ServerAddress] = frozenset(entrance.seeds)

    async def enter(self) -> None:
        """Find the shards for the first time.

        Raises:
            Unavailable: no server can be reached.
            Misconfigured: one can, but it's no cluster, or doesn't let us in.
        """
        self._shards.apply(await self._ask_all())

    async def run(self) -> None:
        """Follow the slots, for ever."""
        refresh_requested = self._shards.refresh_requested
        while True:
            await asyncio.sleep(_PACE)
            with suppress(TimeoutError):
                async with asyncio.timeout(_SOON if self._shards.degraded else _PERIOD):
                    await refresh_requested.wait()
            refresh_requested.clear()
            try:
                self._shards.apply(await self._ask_all())
            except BrokerError as error:
                logger.info("cluster_unknown", extra={"reason": str(error)})
            except Exception:
                logger.exception("the cluster could not be followed")

    async def _ask_all(self) -> SlotMap:
        """Ask all servers that are known at once, and believe the one that knows the newest."""
        answers = await asyncio.gather(*map(self._ask, self._known), return_exceptions=True)
        said_by = [answer for answer in answers if isinstance(answer, SlotMap)]
        found = newest_slot_map(said_by)
        if found is None:
            raise _most_actionable(answer for answer in answers if isinstance(answer, BaseException))
        self._known = frozenset((*self._entrance.seeds, *found.owners, *found.replicas))
        return found

    async def _ask(self, address: ServerAddress) -> SlotMap:
        # A server that is away must not hold up what the others say.
        link = RedisClient(self._entrance.open(address), min(1.0, self._entrance.settings.timeout))
        try:
            info, slots = await link.run(pack("CLUSTER", "INFO"), pack("CLUSTER", "SLOTS"))
        except Unavailable as error:
            raise classify_error(error) from error
        finally:
            with suppress(RedisError, OSError):
                await link.close()
        for reply in (info, slots):
            if isinstance(reply, ResponseError):
                raise Misconfigured(f"{address} is no server of a Redis cluster: {describe(reply)}")
        return read_slot_map(cast(bytes, info), slots, address)


def _most_actionable(errors: Iterable[BaseException]) -> BaseException:
    """Choose what to tell: what somebody has to change goes before what time may mend."""
    known = list(errors)
    found = next((error for error in known if not isinstance(error, Unavailable)), None)
    return found or next(iter(known), Unavailable("no server of the cluster knows who has its slots"))
