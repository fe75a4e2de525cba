"""A room's fan-out alone, without a feed, a broker and sockets."""

from __future__ import annotations

import asyncio

from brokers.base import Entry
from service.rooms.fanout import Fanout
from service.rooms.log import RoomLog
from service.rooms.member import Member
from service.runtime.metrics import Metrics
from service.wire.messages import MessagePayload, encode_stored


class Stage:
    """A fan-out of a room in which all offsets from 1 are used."""

    def __init__(self, max_entries: int = 100, max_bytes: int = 1 << 20) -> None:
        self.log = RoomLog(b'"room"', max_entries=max_entries, max_bytes=max_bytes)
        self.log.restart("e", 0)
        self.recovering: list[Member] = []
        self.caught_up: list[Member] = []
        self.metrics = Metrics()
        self.fanout = Fanout(
            self.log, self.metrics, recover=self.recovering.append, caught_up=self.caught_up.append
        )

    def append(self, count: int = 1, size: int = 1) -> None:
        for _ in range(count):
            payload = encode_stored(
                MessagePayload(key="k", user="ann", user_id="ann", kind="guest", text="x" * size, at=0)
            )
            prev = self.log.end
            self.fanout.append(Entry("room", self.log.epoch, prev, prev + 1, payload))


async def turns(count: int = 1) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def settled(stage: Stage) -> None:
    """Wait until all entries are flushed."""
    async with asyncio.timeout(10):
        while stage.fanout.flushed != stage.log.end or stage.fanout._walk:  # noqa: ASYNC110, SLF001 - there is no event
            await asyncio.sleep(0)
