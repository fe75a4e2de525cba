"""Control rooms: entries that all nodes read, in a room that no client can name.

Each node reads such a room when it starts, and about once a second from then on. So an entry is known to all
nodes within two seconds, also after an outage. A node that starts knows what the broker or the archive keeps.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Final

from brokers.base import Broker, Entry
from brokers.errors import BrokerError
from service.runtime.tasks import Tasks

# A client's room has no control character. PostgreSQL can't store U+0000.
_PREFIX: Final = "\x01"
_PAGE: Final = 200

_log: Final = logging.getLogger(__name__)


class ControlRoom:
    """One control room; `apply` takes each of its entries once, in order.

    Attributes:
        name: its name on the broker.
        position: the offset of the last entry that was read.
    """

    __slots__ = ("_apply", "_broker", "_epoch", "_lock", "_timer", "name", "position")

    def __init__(self, name: str, broker: Broker, apply: Callable[[Entry], None]) -> None:
        self.name = f"{_PREFIX}{name}"
        self.position = 0
        self._broker = broker
        self._apply = apply
        self._epoch = ""
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None

    async def publish(self, payload: bytes) -> None:
        """Store an entry. Raises `BrokerError` if it is not stored, or not known to be."""
        await self._broker.publish(self.name, payload, key=secrets.token_urlsafe(12))

    async def read(self) -> None:
        """Read and apply the entries that were stored since the last call. Raises `BrokerError`."""
        async with self._lock:
            while True:
                page = await self._broker.history(self.name, after=self.position, limit=_PAGE)
                if page.head.epoch != self._epoch:
                    # Other offsets. What was applied stays so: the broker may have lost its history.
                    was_behind, self._epoch, self.position = self.position, page.head.epoch, 0
                    if was_behind:
                        continue
                for entry in page.entries:
                    self._apply(entry)
                    self.position = entry.offset
                if not page.more:
                    break

    def follow(
        self, tasks: Tasks, interval: float, write: Callable[[], Coroutine[None, None, None]] | None = None
    ) -> None:
        """Read again after each interval (seconds), until `close`; `write` is called before that."""
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(interval, self._turn, tasks, interval, write)

    def close(self) -> None:
        """Stop to read."""
        if self._timer is not None:
            self._timer.cancel()

    def _turn(
        self, tasks: Tasks, interval: float, write: Callable[[], Coroutine[None, None, None]] | None
    ) -> None:
        if not self._lock.locked():
            tasks.start(self._try(write), name=f"read {self.name[1:]}")
        self.follow(tasks, interval, write)

    async def _try(self, write: Callable[[], Coroutine[None, None, None]] | None) -> None:
        """Write and read. An outage of the broker is reported elsewhere."""
        try:
            if write is not None:
                await write()
            await self.read()
        except BrokerError as error:
            _log.debug("control_room_not_read", extra={"room": self.name[1:], "reason": str(error)})
