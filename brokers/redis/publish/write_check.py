"""Find out whether one shard accepts writes: try them on keys that no room uses."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

from redis.exceptions import ResponseError

from brokers.errors import BrokerError, TooManyRooms, Unavailable, WritesRefused
from brokers.redis.connection.client import RedisClient, expect, is_script_missing, pack
from brokers.redis.connection.refusals import describe_refusal, find_refusal
from brokers.redis.keyspace import ScratchKeys
from brokers.redis.scripts.library import CHECK_PERMISSIONS

logger: Final = logging.getLogger(__name__)

_TOO_MANY_ROOMS: Final = re.compile(r"TOOMANYROOMS (\d+)")
_PERIOD: Final = 10.0  # seconds between two checks
_REFUSED_PERIOD: Final = 1.0  # while writes are refused


class WriteCheck:
    """Knows whether the shard accepts writes, and logs each change once.

    Only a check decides it. A refused publish causes one at once: so what is refused in a single room does
    not count, and the state does not flap.

    Args:
        client: makes connections.
        scratch: names what to write to.
    """

    def __init__(self, client: RedisClient, scratch: Callable[[], ScratchKeys]) -> None:
        self._client = client
        self._scratch = scratch
        self._suspected = asyncio.Event()
        self.refusal = ""
        self.refused_publishes = 0

    def suspect(self, refusal: str) -> None:
        """Check soon, because Redis refused a publish, or a part of one."""
        self.refused_publishes += 1
        if not self.refusal:
            logger.debug("redis_publish_refused", extra={"reason": refusal})
            self._suspected.set()

    async def run(self) -> None:
        """Check periodically, and when a publish is refused, until cancelled."""
        while True:
            with suppress(BrokerError):
                await self.check()
            with suppress(TimeoutError):
                async with asyncio.timeout(_REFUSED_PERIOD if self.refusal else _PERIOD):
                    await self._suspected.wait()
            self._suspected.clear()

    async def require(self) -> None:
        """Check now.

        Raises:
            WritesRefused: the server refuses writes; the message names the refusal.
            Unavailable: it can't be reached.
        """
        await self.check()
        if self.refusal:
            raise WritesRefused(describe_refusal(self.refusal))

    async def check(self) -> None:
        """Try all commands of a publish.

        Raises:
            Unavailable: the server can't be reached.
        """
        self._learn(await self._try())

    async def _try(self) -> str:
        scratch = self._scratch()
        verb, count = ("SPUBLISH", "SHARDNUMSUB") if scratch.sharded else ("PUBLISH", "NUMSUB")
        rest = (3, *scratch.keys, scratch.channel, verb, count)
        try:
            [reply] = await self._client.run(pack("EVALSHA", CHECK_PERMISSIONS.digest, *rest))
            if is_script_missing(reply):
                [reply] = await self._client.run(pack("EVAL", CHECK_PERMISSIONS.text, *rest))
        except WritesRefused as error:
            return find_refusal(str(error))
        if isinstance(reply, ResponseError) and (refusal := find_refusal(reply)):
            return refusal
        refused = [text.decode(errors="replace") for text in cast(list[bytes], expect(reply))]
        return next((found for text in refused if (found := find_refusal(text))), "")

    def _learn(self, refusal: str) -> None:
        before, self.refusal = self.refusal, refusal
        if refusal and not before:
            logger.warning("redis_writes_refused", extra={"reason": refusal})
        elif before and not refusal:
            logger.info("redis_writes_accepted", extra={"refused_before": before})


def too_many_rooms(reply: object) -> TooManyRooms | None:
    """Return the error of a publish that would have begun a room beyond the bound."""
    if isinstance(reply, ResponseError) and (found := _TOO_MANY_ROOMS.match(str(reply))):
        return TooManyRooms(int(found[1]))
    return None


def refused_publish(reply: object) -> Unavailable | None:
    """Return the error of a publish that Redis did not execute; None if it did."""
    if not isinstance(reply, ResponseError):
        return None
    if refusal := find_refusal(reply):
        return WritesRefused(describe_refusal(refusal))
    return Unavailable(f"Redis refused the command: {reply}")
