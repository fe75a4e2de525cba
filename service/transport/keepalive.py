"""One timer wheel for the pings of all connections, with one prebuilt frame for each codec.

A connection is in one slot of the wheel, and each tick pings the connections of one slot. A connection
without input since its last ping is closed as dead.
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

# Scripts in a browser can't see the websocket's own ping, so they receive the event `ping` as well.
_EVENT_PING: Final = text_frame(encode(events.Ping())) + PING


class Keepalive:
    """The wheel. `interval` is the time between two pings of one connection, in seconds."""

    __slots__ = ("_current", "_due", "_handle", "_loop", "_metrics", "_slots", "_tick")

    def __init__(self, interval: float, metrics: Metrics) -> None:
        self._loop = asyncio.get_running_loop()
        self._metrics = metrics
        count = max(1, round(interval / TICK))
        self._tick = interval / count
        self._slots: list[dict[Connection, None]] = [{} for _ in range(count)]
        self._current = 0
        self._due = perf_counter() + self._tick
        self._handle = self._loop.call_later(self._tick, self._on_tick)

    def add(self, connection: Connection) -> int:
        """Start to ping a connection. Return its slot, for `remove`."""
        self._slots[self._current][connection] = None
        return self._current

    def remove(self, connection: Connection, slot: int) -> None:
        """Stop to ping a connection."""
        self._slots[slot].pop(connection, None)

    def close(self) -> None:
        """Stop the wheel."""
        self._handle.cancel()

    def _on_tick(self) -> None:
        self._metrics.loop_lag_seconds.observe(max(0.0, perf_counter() - self._due))
        self._due = perf_counter() + self._tick
        self._handle = self._loop.call_later(self._tick, self._on_tick)
        self._current = (self._current + 1) % len(self._slots)
        for connection in list(self._slots[self._current]):
            _ping(connection)


def _ping(connection: Connection) -> None:
    if connection.paused:
        # A slow consumer may be alive, and has a time limit of its own. A ping would only wait in the buffer.
        return
    if not connection.input_seen:
        connection.close(Close.NO_PONG, "no answer to pings")
        return
    # No input can be seen while it is paused, and that is not the client's fault.
    connection.input_seen = connection.input_paused or connection.throttled
    connection.write(_EVENT_PING if connection.codec.supports_events else PING)
