"""How many rooms Redis keeps: beyond the bound, those that were quiet longest are forgotten."""

from __future__ import annotations

import asyncio
import logging
import time
from random import random
from typing import Final, cast

from brokers.errors import BrokerError
from brokers.redis.connection.client import Command, Reply, expect, pack
from brokers.redis.keyspace import Keyspace
from brokers.redis.read.requests import ScriptCall, ShardRequests
from brokers.redis.scripts.library import EVICT_ROOM
from brokers.redis.topology.shards import Shards

logger: Final = logging.getLogger(__name__)

_PERIOD: Final = 60.0  # seconds; also how exactly it's known which room was quiet longest
_PAUSE: Final = 1.0  # seconds until the register is tried again
_BATCH: Final = 200  # rooms that are looked at in one round trip


class RoomRetention:
    """The register of all rooms, as one node keeps it up to date. Every node tidies, each in its own time.

    There is one for all shards, so that the bound holds for all of them together.
    """

    def __init__(self, shards: Shards, asking: ShardRequests, names: Keyspace, most: int) -> None:
        self._shards = shards
        self._asking = asking
        self._names = names
        self._most = most
        self._marked: set[str] = set()
        self._pending: set[str] = set()
        self._wakeup = asyncio.Event()

    def mark_active(self, room: str) -> None:
        """Note that something happened in a room; said to Redis once in a while only."""
        if room not in self._marked:
            self._marked.add(room)
            self._pending.add(room)
            self._wakeup.set()

    async def write(self) -> None:
        """Say to Redis what was noted until it knows, for ever."""
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            while self._pending:
                some = [self._pending.pop() for _ in range(min(_BATCH, len(self._pending)))]
                try:
                    await self._touch(some)
                except BrokerError as error:
                    self._pending.update(some)
                    logger.info("rooms_not_noted", extra={"reason": str(error)})
                    await asyncio.sleep(_PAUSE)

    async def run(self) -> None:
        """Tidy now and then, for ever."""
        while True:
            await asyncio.sleep(_PERIOD * (0.5 + random()))  # noqa: S311 - spreads the nodes, keeps no secret
            self._marked.clear()
            try:
                await self.enforce()
            except BrokerError as error:
                logger.info("rooms_not_tidied", extra={"reason": str(error)})
            except Exception:
                logger.exception("rooms could not be tidied")

    async def enforce(self) -> None:
        """Forget rooms down to the bound; those that any node is subscribed to are busy and stay."""
        established = cast(int, await self._ask("ZCARD"))
        for _ in range(0, max(0, established - self._most), _BATCH):
            excess = cast(int, await self._ask("ZCARD")) - self._most
            if excess > 0:
                await self._evict(min(excess, _BATCH))

    async def _evict(self, number: int) -> None:
        found = cast(list[bytes], await self._ask("ZRANGE", 0, number - 1))
        rooms = [name.decode() for name in found]
        offsets = await self._asking.ask([(self._shards.slot(room), self._offset(room)) for room in rooms])
        calls = [self._call(room, offset) for room, offset in zip(rooms, offsets, strict=True)]
        gone = [bool(expect(reply)) for reply in await self._asking.call_each(EVICT_ROOM, calls)]
        if quiet := [room for room, is_gone in zip(rooms, gone, strict=True) if is_gone]:
            await self._ask("ZREM", *quiet)
        # Somebody listens, or something came in meanwhile.
        if busy := [room for room, is_gone in zip(rooms, gone, strict=True) if not is_gone]:
            await self._touch(busy)

    async def _touch(self, rooms: list[str]) -> None:
        now = time.time()
        await self._ask("ZADD", *(part for room in rooms for part in (now, room)))

    async def _ask(self, verb: str, *arguments: str | float) -> Reply:
        register = self._names.rooms
        slot = self._shards.slot_of_key(register)
        [reply] = await self._asking.ask([(slot, pack(verb, register, *arguments))])
        return expect(reply)

    def _offset(self, room: str) -> Command:
        return pack("HGET", self._names.head(room), "o")

    def _call(self, room: str, offset: Reply) -> ScriptCall:
        slot = self._shards.slot(room)
        count = "SHARDNUMSUB" if self._shards.of(slot).sharded else "NUMSUB"
        known = cast(bytes | None, expect(offset)) or b"0"
        keys = (self._names.head(room), self._names.stream(room))
        return ScriptCall(slot, keys, (self._names.channel(room), count, known))
