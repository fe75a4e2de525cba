"""How many rooms Redis keeps: beyond the bound, those that were quiet longest are forgotten."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from random import random
from typing import Final, cast

from brokers.errors import BrokerError
from brokers.redis.link import Link, expect, pack
from brokers.redis.names import Names
from brokers.redis.publisher import Publisher
from brokers.redis.scripts import FORGET

logger: Final = logging.getLogger(__name__)

_PERIOD: Final = 60.0  # seconds; also how exactly it's known which room was quiet longest
_AT_ONCE: Final = 200  # rooms that are looked at in one round trip


class Rooms:
    """The register of all rooms, as one node keeps it up to date. Every node tidies, each in its own time."""

    def __init__(self, link: Link, names: Names, publisher: Publisher, most: int) -> None:
        self._link = link
        self._names = names
        self._publisher = publisher
        self._most = most
        self._noted: set[str] = set()

    def note(self, room: str) -> None:
        """Note that something happened in a room; said to Redis once in a while only."""
        if room not in self._noted:
            self._noted.add(room)
            self._publisher.also("ZADD", self._names.rooms, time.time(), room)

    async def run(self) -> None:
        """Tidy now and then, for ever."""
        while True:
            await asyncio.sleep(_PERIOD * (0.5 + random()))  # noqa: S311 - spreads the nodes, keeps no secret
            self._noted.clear()
            try:
                await self.tidy()
            except BrokerError as error:
                logger.info("rooms_not_tidied", extra={"reason": str(error)})
            except Exception:
                logger.exception("rooms could not be tidied")

    async def tidy(self) -> None:
        """Forget rooms down to the bound; those that any node is subscribed to are busy and stay."""
        [held] = await self._link.ask(pack("ZCARD", self._names.rooms))
        for _ in range(0, max(0, cast(int, expect(held)) - self._most), _AT_ONCE):
            [total] = await self._link.ask(pack("ZCARD", self._names.rooms))
            excess = cast(int, expect(total)) - self._most
            if excess > 0:
                await self._forget(min(excess, _AT_ONCE))

    async def _forget(self, number: int) -> None:
        [found] = await self._link.ask(pack("ZRANGE", self._names.rooms, 0, number - 1))
        rooms = [name.decode() for name in cast(list[bytes], expect(found))]
        channels = [self._names.channel(room) for room in rooms]
        heads = (pack("HGET", self._names.head(room), "o") for room in rooms)
        subscribed, *offsets = await self._link.ask(pack("PUBSUB", "NUMSUB", *channels), *heads)
        listeners = cast(list[int], expect(subscribed))[1::2]
        busy = [room for room, listening in zip(rooms, listeners, strict=True) if listening]
        quiet = [
            (room, cast(bytes | None, expect(offset)) or b"0")
            for room, listening, offset in zip(rooms, listeners, offsets, strict=True)
            if not listening
        ]
        if busy:
            now = time.time()
            pairs = [part for room in busy for part in (now, room)]
            await self._link.ask(pack("ZADD", self._names.rooms, *pairs))
        await self._drop(quiet)

    async def _drop(self, quiet: Sequence[tuple[str, bytes]]) -> None:
        for room, offset in quiet:
            # Whatever came in meanwhile keeps the room; then it's noted anew.
            keys = (self._names.head(room), self._names.stream(room))
            if await self._link.call(FORGET, keys, offset):
                await self._link.ask(pack("ZREM", self._names.rooms, room))
            else:
                await self._link.ask(pack("ZADD", self._names.rooms, time.time(), room))
