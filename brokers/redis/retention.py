"""Bound what Redis stores of idle rooms: trim expired entries, and evict the rooms that were idle longest."""

from __future__ import annotations

import asyncio
import logging
import time
from random import random
from typing import Final, cast

from brokers.base import Retention
from brokers.errors import BrokerError
from brokers.redis.connection.client import Command, Reply, expect, pack
from brokers.redis.connection.refusals import find_refusal
from brokers.redis.keyspace import Keyspace
from brokers.redis.read.history import RedisReader
from brokers.redis.read.requests import ScriptCall, ShardRequests
from brokers.redis.scripts.library import EVICT_ROOM
from brokers.redis.topology.shards import Shards

logger: Final = logging.getLogger(__name__)

_PERIOD: Final = 60.0  # seconds; also the resolution of a room's last activity
_PAUSE: Final = 1.0  # seconds between two attempts to write the register, doubled by each up to the period
_SWEEP: Final = 30  # periods in which one node has trimmed all rooms
_BATCH: Final = 200  # rooms in one round trip


class RoomRetention:
    """Records the last activity of rooms in one register, and evicts rooms beyond the bound.

    There is one register for all shards, so that the bound holds for all of them together. Every node evicts,
    at random times.

    It also trims rooms in turn, because a room that is neither written nor read would keep its expired
    entries. Redis is not asked to expire them: it would do so by its own clock, also after a correction.
    """

    def __init__(
        self,
        shards: Shards,
        requests: ShardRequests,
        keyspace: Keyspace,
        reader: RedisReader,
        retention: Retention,
    ) -> None:
        self._shards = shards
        self._requests = requests
        self._keyspace = keyspace
        self._reader = reader
        self._most = retention.rooms
        self._ages = retention.age > 0
        self._swept = 0
        self._marked: set[str] = set()
        self._pending: set[str] = set()
        self._wakeup = asyncio.Event()

    def mark_active(self, room: str) -> None:
        """Mark a room as active. The register is written at most once per period and room."""
        if room not in self._marked:
            self._marked.add(room)
            self._pending.add(room)
            self._wakeup.set()

    async def write(self) -> None:
        """Write marked rooms to the register, with retries, until cancelled."""
        pause = _PAUSE
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            while self._pending:
                some = [self._pending.pop() for _ in range(min(_BATCH, len(self._pending)))]
                try:
                    await self._touch(some)
                except BrokerError as error:
                    self._pending.update(some)
                    # Refused writes are reported by `redis_writes_refused`, once for each outage.
                    known = pause > _PAUSE or find_refusal(str(error))
                    level = logging.DEBUG if known else logging.INFO
                    logger.log(level, "redis_room_activity_not_stored", extra={"reason": str(error)})
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _PERIOD)
                else:
                    pause = _PAUSE

    async def run(self) -> None:
        """Evict rooms periodically, until cancelled."""
        while True:
            await asyncio.sleep(_PERIOD * (0.5 + random()))  # noqa: S311 - jitter between nodes, not a secret
            self._marked.clear()
            try:
                await self.enforce()
                await self.sweep()
            except BrokerError as error:
                logger.info("redis_room_retention_failed", extra={"reason": str(error)})
            except Exception:
                logger.exception("redis_room_retention_failed")

    async def enforce(self) -> None:
        """Evict rooms down to the bound; rooms that any node is subscribed to stay."""
        established = cast(int, await self._ask("ZCARD"))
        for _ in range(0, max(0, established - self._most), _BATCH):
            excess = cast(int, await self._ask("ZCARD")) - self._most
            if excess > 0:
                await self._evict(min(excess, _BATCH))

    async def sweep(self) -> None:
        """Trim the next rooms of the register; after `_SWEEP` calls all of them have been trimmed."""
        if not self._ages:
            return
        share = max(_BATCH, cast(int, await self._ask("ZCARD")) // _SWEEP)
        for _ in range(0, share, _BATCH):
            found = cast(list[bytes], await self._ask("ZRANGE", self._swept, self._swept + _BATCH - 1))
            self._swept = self._swept + len(found) if len(found) == _BATCH else 0
            await self._reader.last([name.decode() for name in found])  # reading trims

    async def _evict(self, number: int) -> None:
        found = cast(list[bytes], await self._ask("ZRANGE", 0, number - 1))
        rooms = [name.decode() for name in found]
        offsets = await self._requests.ask([(self._shards.slot(room), self._offset(room)) for room in rooms])
        calls = [self._call(room, offset) for room, offset in zip(rooms, offsets, strict=True)]
        gone = [bool(expect(reply)) for reply in await self._requests.call_each(EVICT_ROOM, calls)]
        if quiet := [room for room, is_gone in zip(rooms, gone, strict=True) if is_gone]:
            await self._ask("ZREM", *quiet)
        # A node subscribed, or an entry was stored in the meantime: these rooms are active.
        if busy := [room for room, is_gone in zip(rooms, gone, strict=True) if not is_gone]:
            await self._touch(busy)

    async def _touch(self, rooms: list[str]) -> None:
        now = time.time()
        await self._ask("ZADD", *(part for room in rooms for part in (now, room)))

    async def _ask(self, verb: str, *arguments: str | float) -> Reply:
        register = self._keyspace.rooms
        slot = self._shards.slot_of_key(register)
        [reply] = await self._requests.ask([(slot, pack(verb, register, *arguments))])
        return expect(reply)

    def _offset(self, room: str) -> Command:
        return pack("HGET", self._keyspace.head(room), "o")

    def _call(self, room: str, offset: Reply) -> ScriptCall:
        slot = self._shards.slot(room)
        count = "SHARDNUMSUB" if self._shards.of(slot).sharded else "NUMSUB"
        known = cast(bytes | None, expect(offset)) or b"0"
        keys = (self._keyspace.head(room), self._keyspace.stream(room))
        return ScriptCall(slot, keys, (self._keyspace.channel(room), count, known))
