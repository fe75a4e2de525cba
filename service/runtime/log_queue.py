"""The way of a log line out of the process: a bounded queue, and one thread that writes.

A reader that stalls (a full pipe, a slow disk) blocks that thread and nothing else. A record is formatted
before it is queued, because it refers to frames and connections, which must not live as long as a stall.
"""

from __future__ import annotations

import logging
import os
import select
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Final, TextIO, TypeAlias

from typing_extensions import override

from service.runtime.log_repeats import RepeatFilter
from service.settings.tuning import Tuning

_Sink: TypeAlias = Callable[[bytes], None]

_NAME: Final = __name__


class LineWriter:
    """Writes lines in a thread of its own, in their order.

    At most `limit` bytes wait; what doesn't fit is dropped and counted. `put` never waits, and its callers
    exclude each other. After each line the thread calls `catch_up`, which returns the seconds after which it
    is to be called again (None: not before the next line).

    Attributes:
        overflowed: the number of lines dropped because the queue was full.
    """

    def __init__(self, stream: TextIO, *, limit: int, catch_up: Callable[[], float | None]) -> None:
        self._sink = _sink_of(stream)
        self._limit = limit
        self._catch_up = catch_up
        # `put` may interrupt itself: the garbage collector can log at any allocation.
        self._queue = SimpleQueue[bytes | threading.Event | None]()
        # Each number has one writer: the callers of `put`, or the thread.
        self._accepted = self.overflowed = 0
        self._taken = self._failed = 0
        threading.Thread(target=self._run, name="log writer", daemon=True).start()

    @property
    def dropped(self) -> int:
        """The number of lines dropped, because the queue was full or because the stream is closed."""
        return self.overflowed + self._failed

    @property
    def has_room(self) -> bool:
        """Whether half of the queue is free."""
        return 2 * (self._accepted - self._taken) <= self._limit

    def put(self, line: str) -> None:
        """Queue a line, or drop it."""
        data = f"{line}\n".encode(errors="backslashreplace")
        if self._accepted - self._taken + len(data) > self._limit:
            self.overflowed += 1
            return
        self._accepted += len(data)
        self._queue.put(data)

    def wait_until_written(self, limit: float) -> bool:
        """Wait until all queued lines are written, at most `limit` seconds. Return whether they are."""
        done = threading.Event()
        self._queue.put(done)
        return done.wait(limit)

    def close(self) -> None:
        """End the thread after the queued lines."""
        self._queue.put(None)

    def _run(self) -> None:
        wait: float | None = None
        while True:
            with suppress(Empty):
                item = self._queue.get(timeout=wait)
                if item is None:
                    return
                if isinstance(item, threading.Event):
                    item.set()
                else:
                    self._write(item)
            wait = self._catch_up()

    def _write(self, data: bytes) -> None:
        try:
            self._sink(data)
        except (OSError, ValueError):
            # The reader has exited, or the stream is closed: logging must not end for that.
            self._failed += 1
        self._taken += len(data)


class QueuedHandler(logging.Handler):
    """Formats records, without repetitions, for a thread that writes them. It never waits for the reader."""

    def __init__(self, stream: TextIO, tuning: Tuning) -> None:
        super().__init__()
        self._repeats = RepeatFilter(
            allowed=tuning.log_repeats, seconds=tuning.log_repeat_seconds, remembered=tuning.log_repeat_events
        )
        self._reported = 0
        self._flush_seconds = tuning.log_flush_seconds
        self._writer = LineWriter(stream, limit=tuning.log_queue_bytes, catch_up=self._catch_up)

    @property
    def dropped(self) -> int:
        """The number of dropped lines."""
        return self._writer.dropped

    @property
    def suppressed(self) -> int:
        """The number of suppressed repetitions."""
        return self._repeats.suppressed

    @override
    def emit(self, record: logging.LogRecord) -> None:
        now = monotonic()
        try:
            self._sum_up(now)
            if self._repeats.passes(record, now):
                self._writer.put(self.format(record))
        except Exception:  # noqa: BLE001 - a value's own `__str__` may raise anything
            self.handleError(record)

    @override
    def handleError(self, record: logging.LogRecord) -> None:
        """Log that a record can't be formatted. The base class would write to standard error, and wait."""
        where = f"{record.pathname}:{record.lineno}"
        self._add("log_line_failed", logging.ERROR, at=where, exc_info=sys.exc_info())

    @override
    def close(self) -> None:
        self._writer.close()
        super().close()

    def print_line(self, text: str) -> None:
        """Write a line that is no record, after the lines before it."""
        with self._exclusive():
            self._writer.put(text)

    def drain(self) -> None:
        """Wait until everything is written; a reader that stalls is given `log_flush_seconds`."""
        end = monotonic() + self._flush_seconds
        with self._exclusive():
            self._sum_up(float("inf"))
        if self._writer.wait_until_written(self._flush_seconds):
            with self._exclusive():
                self._report_dropped()
            self._writer.wait_until_written(max(0.0, end - monotonic()))

    def _catch_up(self) -> float | None:
        now = monotonic()
        with self._exclusive():
            self._sum_up(now)
            if self._writer.has_room:
                self._report_dropped()
            return self._repeats.next_end(now)

    def _sum_up(self, now: float) -> None:
        for each in self._repeats.take_ended(now):
            self._add(each.event, each.level, name=each.logger, repeated=each.count)

    def _report_dropped(self) -> None:
        # A line that failed isn't reported, because the report would fail as well, for ever.
        dropped = self._writer.overflowed
        if dropped > self._reported:
            count, self._reported = dropped - self._reported, dropped
            self._add("log_lines_dropped", logging.WARNING, count=count)

    def _add(self, event: str, level: int, *, name: str = _NAME, **fields: object) -> None:
        known = {"name": name, "msg": event, "levelno": level, "levelname": logging.getLevelName(level)}
        record = logging.makeLogRecord(known | fields)
        if self.filter(record):
            self._writer.put(self.format(record))

    def _exclusive(self) -> threading.RLock:
        # The base class makes it, and holds it during `emit`.
        lock = self.lock
        assert lock is not None  # noqa: S101
        return lock


def print_aside(text: str, stream: TextIO) -> None:
    """Print a line in a thread of its own, because the reader of the stream may stall, too."""
    data = f"{text}\n".encode(errors="backslashreplace")
    threading.Thread(target=_sink_of(stream), args=(data,), name="print", daemon=True).start()


def _sink_of(stream: TextIO) -> _Sink:
    """Return a function that writes bytes to a stream, past Python's buffer.

    A thread that is blocked while it holds the buffer's lock would block the exit of the interpreter.
    """
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return lambda data: _write_text(stream, data)
    return lambda data: _write_all(descriptor, data)


def _write_text(stream: TextIO, data: bytes) -> None:
    stream.write(data.decode())
    stream.flush()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            # Another process that has the same pipe may have made it non-blocking.
            select.select([], [descriptor], [])
