"""Redeliver the last entry of rooms in which entries may have been missed.

This happens when one shard reconnects, or a slot moves, while the broker as a whole is not `restored`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from brokers.base import Entry, Listener, Position
from brokers.errors import BrokerError
from brokers.redis.listen.subscriptions import ChannelSubscription
from brokers.redis.read.history import RedisReader

logger: Final = logging.getLogger(__name__)

_BATCH: Final = 100
_PAUSE: Final = 0.2  # seconds before a failed read is retried


class Redelivery:
    """Delivers the last entry of such rooms again: its `prev` reveals a gap to a node that missed others."""

    def __init__(self, reader: RedisReader, listener: Listener) -> None:
        self._reader = reader
        self._listener = listener
        self._rooms: dict[bytes, ChannelSubscription] = {}
        self._wakeup = asyncio.Event()

    def add(self, subscriptions: list[ChannelSubscription]) -> None:
        """Add rooms that were subscribed again."""
        self._rooms.update((subscription.channel, subscription) for subscription in subscriptions)
        self._wakeup.set()

    async def run(self) -> None:
        """Redeliver until cancelled."""
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            while self._rooms:
                some = [self._rooms.popitem()[1] for _ in range(min(_BATCH, len(self._rooms)))]
                try:
                    await self._look(some)
                except BrokerError as error:
                    logger.info("redis_redelivery_failed", extra={"reason": str(error)})
                    self.add(some)
                    await asyncio.sleep(_PAUSE)
                except Exception:
                    logger.exception("redis_redelivery_failed")

    async def _look(self, some: list[ChannelSubscription]) -> None:
        wanted = [one for one in some if one.room and one.home.find(one.channel) is one]
        for subscription, entry in zip(
            wanted, await self._reader.last([one.room for one in wanted]), strict=True
        ):
            wanted_still = subscription.home.find(subscription.channel) is subscription
            if entry is not None and wanted_still and _is_news(entry, subscription.seen):
                self._listener.deliver(entry)


def _is_news(entry: Entry, seen: Position | None) -> bool:
    return seen is None or entry.epoch != seen.epoch or entry.offset > seen.offset
