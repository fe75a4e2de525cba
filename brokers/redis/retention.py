"""Bound the rooms that Redis stores: count them, trim expired entries, and evict expired rooms."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial
from random import random
from typing import Final, cast

from brokers.base import Receipt, Retention
from brokers.errors import BrokerError, TooManyRooms
from brokers.redis.connection.client import Command, Reply, expect, pack
from brokers.redis.connection.refusals import find_refusal
from brokers.redis.keyspace import Keyspace
from brokers.redis.read.history import RedisReader
from brokers.redis.read.requests import ScriptCall, ShardRequests
from brokers.redis.scripts.library import EVICT_ROOM
from brokers.redis.topology.shards import Shards

logger: Final = logging.getLogger(__name__)

_PERIOD: Final = 60.0  # seconds; also the resolution of a room's last activity
_SPARE: Final = 0.1  # the share of the bound that eviction keeps free
_PAUSE: Final = 1.0  # seconds between two attempts to write the register, doubled by each up to the period
_SWEEP: Final = 30  # periods in which one node has trimmed all rooms
_BATCH: Final = 200  # rooms in one round trip


class RoomRetention:
    """Records the last activity of rooms in one register, which bounds their number.

    There is one register for all shards, so that the bound holds for all of them together. A node counts it
    whenever it has begun a room, and while it is full. So the bound is exceeded at most by the rooms that
    other nodes have begun since this one counted. A room leaves when all of its entries have expired, and
    only if its place is needed. Every node evicts, at random times.

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
        self._age = retention.age
        self._counted = 0
        self._begun: set[str] = set()  # rooms that this node has begun and not yet put into the register
        self._swept = 0
        self._marked: set[str] = set()
        self._pending: set[str] = set()
        self._wakeup = asyncio.Event()

    @property
    def rooms(self) -> int:
        """The number of rooms, as far as this node knows."""
        return self._counted + len(self._begun)

    @property
    def reached(self) -> str:
        """The bound, if it is reached; empty while rooms may begin."""
        return str(self._most) if self.rooms >= self._most else ""

    def follow(self, room: str, answer: asyncio.Future[Receipt]) -> None:
        """Mark a room as active once an entry is stored; the register is written once a period and room."""
        if room not in self._marked:
            answer.add_done_callback(partial(self._note, room))

    def _note(self, room: str, answer: asyncio.Future[Receipt]) -> None:
        if answer.cancelled() or room in self._marked:
            return
        if (error := answer.exception()) is not None:
            if isinstance(error, TooManyRooms):
                self._wakeup.set()  # counts again
            return
        if answer.result().offset == 1:
            self._begun.add(room)
        self._marked.add(room)
        self._pending.add(room)
        self._wakeup.set()

    async def write(self) -> None:
        """Write marked rooms to the register, with retries, and count it, until cancelled."""
        pause = _PAUSE
        while True:
            with suppress(BrokerError):
                await self.count()
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
                    begun = self._begun.intersection(some)
                    self._begun -= begun
                    self._counted += len(begun)

    async def count(self) -> None:
        """Count the rooms of the register."""
        self._counted = cast(int, await self._ask("ZCARD"))

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
        """Evict expired rooms if places may be needed; rooms that any node is subscribed to stay."""
        if not self._age:
            return
        await self.count()
        excess = self.rooms - int(self._most * (1 - _SPARE))
        for _ in range(0, excess, _BATCH):
            expired = time.time() - self._age - _PERIOD
            found = await self._ask("ZRANGE", 0, min(excess, _BATCH) - 1, "WITHSCORES")
            parts = iter(cast(list[bytes], found))
            rooms = [name.decode() for name, at in zip(parts, parts, strict=True) if float(at) < expired]
            if not rooms:
                return
            await self._evict(rooms)

    async def sweep(self) -> None:
        """Trim the next rooms of the register; after `_SWEEP` calls all of them have been trimmed."""
        if not self._age:
            return
        share = max(_BATCH, cast(int, await self._ask("ZCARD")) // _SWEEP)
        for _ in range(0, share, _BATCH):
            found = cast(list[bytes], await self._ask("ZRANGE", self._swept, self._swept + _BATCH - 1))
            self._swept = self._swept + len(found) if len(found) == _BATCH else 0
            await self._reader.last([name.decode() for name in found])  # reading trims

    async def _evict(self, rooms: list[str]) -> None:
        await self._reader.last(rooms)  # reading trims
        offsets = await self._requests.ask([(self._shards.slot(room), self._offset(room)) for room in rooms])
        calls = [self._call(room, offset) for room, offset in zip(rooms, offsets, strict=True)]
        gone = [bool(expect(reply)) for reply in await self._requests.call_each(EVICT_ROOM, calls)]
        if quiet := [room for room, is_gone in zip(rooms, gone, strict=True) if is_gone]:
            await self._ask("ZREM", *quiet)
        # A node is subscribed, or an entry was stored or has not expired by both clocks: they are active.
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
