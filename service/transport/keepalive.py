"""One timer wheel for the pings of all connections, with one prebuilt frame for each codec.

A connection sits in one slot of the wheel; each tick looks at one slot. Who was silent since the last ping is
gone.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import Final

from hubbub_protocol import Close, encode, events
from service.runtime.metrics import Metrics
from service.transport.connection import Connection
from service.wire.frames import PING, text_frame

TICK: Final = 1.0

# Browsers can't see the websocket's own ping, so those who speak events get one they can see.
_EVENT_PING: Final = text_frame(encode(events.Ping())) + PING


class Keepalive:
    """The wheel. `interval` is the time between two pings of one connection, in seconds."""

    __slots__ = ("_handle", "_loop", "_metrics", "_now", "_slots", "_tick", "_wanted")

    def __init__(self, interval: float, metrics: Metrics) -> None:
        self._loop = asyncio.get_running_loop()
        self._metrics = metrics
        count = max(1, round(interval / TICK))
        self._tick = interval / count
        self._slots: list[dict[Connection, None]] = [{} for _ in range(count)]
        self._now = 0
        self._wanted = perf_counter() + self._tick
        self._handle = self._loop.call_later(self._tick, self._turn)

    def add(self, connection: Connection) -> int:
        """Ping a connection from now on; the returned slot is for `remove`."""
        self._slots[self._now][connection] = None
        return self._now

    def remove(self, connection: Connection, slot: int) -> None:
        """Ping a connection no more."""
        self._slots[slot].pop(connection, None)

    def close(self) -> None:
        """Stop the wheel."""
        self._handle.cancel()

    def _turn(self) -> None:
        self._metrics.loop_lag_seconds.observe(max(0.0, perf_counter() - self._wanted))
        self._wanted = perf_counter() + self._tick
        self._handle = self._loop.call_later(self._tick, self._turn)
        self._now = (self._now + 1) % len(self._slots)
        for connection in list(self._slots[self._now]):
            _ping(connection)


def _ping(connection: Connection) -> None:
    if connection.paused:
        # It may be alive, and read slowly: that has a limit of its own. A ping would only wait in the buffer.
        return
    if not connection.heard:
        connection.close(Close.NO_PONG, "no answer to pings")
        return
    # While the session holds the reading nothing can be heard, and that is not the peer's fault.
    connection.heard = connection.reading_held
    connection.write(_EVENT_PING if connection.codec.speaks_events else PING)
