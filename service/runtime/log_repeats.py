"""Which log records are repetitions: above a rate, the same event is counted instead of written."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

# A longer message is not remembered, and so is never suppressed.
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often an event was suppressed in one interval."""

    logger: str
    level: int
    event: str
    count: int


class RepeatFilter:
    """Lets an event at level warning or above pass `allowed` times in an interval of `seconds`.

    Two records are the same event if logger, level and message are the same (before fields and arguments are
    filled in), and the exception, if any, has the same type and was raised in the same line. At most
    `remembered` events are remembered; beyond it the interval that began first is ended early. It needs no
    clock and no lock: the caller has both.

    Attributes:
        suppressed: the number of suppressed records.
    """

    __slots__ = ("_allowed", "_ended", "_remembered", "_seconds", "_windows", "suppressed")

    def __init__(self, *, allowed: int, seconds: float, remembered: int) -> None:
        self._allowed = allowed
        self._seconds = seconds
        self._remembered = remembered
        # In the order of their beginning.
        self._windows: dict[Hashable, _Window] = {}
        self._ended: list[Repetition] = []
        self.suppressed = 0

    def passes(self, record: logging.LogRecord, now: float) -> bool:
        """Count a record, and return whether to write it."""
        message = str(record.msg)
        if record.levelno < logging.WARNING or len(message) > _LONGEST:
            return True
        key = (record.name, record.levelno, message, _origin(record))
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= self._remembered:
                self._end_first()
            window = self._windows[key] = _Window(record.name, record.levelno, message, now)
        window.count += 1
        if window.count <= self._allowed:
            return True
        self.suppressed += 1
        return False

    def take_ended(self, now: float) -> list[Repetition]:
        """Return, once, what was suppressed in the intervals that have ended."""
        while self._windows and next(iter(self._windows.values())).begin + self._seconds <= now:
            self._end_first()
        ended, self._ended = self._ended, []
        return ended

    def next_end(self, now: float) -> float | None:
        """Return the seconds until an interval with suppressed records may end; None if there is none."""
        full = (window.begin for window in self._windows.values() if window.count >= self._allowed)
        begin = next(full, None)
        return None if begin is None else max(0.0, begin + self._seconds - now)

    def _end_first(self) -> None:
        window = self._windows.pop(next(iter(self._windows)))
        if window.count > self._allowed:
            count = window.count - self._allowed
            self._ended.append(Repetition(window.logger, window.level, window.event, count))


@dataclass(slots=True)
class _Window:
    """One interval of one event."""

    logger: str
    level: int
    event: str
    begin: float
    count: int = 0


def _origin(record: logging.LogRecord) -> Hashable:
    """Return the type of a record's exception, and where it was raised."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return None
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    return (type(error), frames[-1] if frames else None)
