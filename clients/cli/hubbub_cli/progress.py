"""Show on a terminal how far a long command is."""

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

from typing_extensions import override

# In seconds: before a short command ends, nothing is shown.
_FIRST_AFTER: Final = 1.0
_EVERY: Final = 0.2
_MEGABYTE: Final = 1_000_000
_ERASE: Final = "\r\x1b[K"


class Progress:
    """One line on standard error that counts; nothing if that is no terminal."""

    def __init__(
        self,
        what: str,
        *,
        stream: TextIO | None = None,
        shown: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._shown = shown and self._stream.isatty()
        self._clock = clock
        self._what = what
        self._began = clock()
        self._next = self._began + _FIRST_AFTER
        self._count = 0
        self._drawn = False

    def add(self, number: int = 1) -> None:
        """Count more."""
        self._count += number
        now = self._clock()
        if self._shown and now >= self._next:
            self._next = now + _EVERY
            self._drawn = True
            self._stream.write(f"{_ERASE}{self._what} {self._words(self._count, now - self._began)}")
            self._stream.flush()

    def _words(self, count: int, seconds: float) -> str:
        return f"{count:,} ({count / seconds:,.0f}/s)"

    def erase(self) -> None:
        """Remove the line, before another one or at the end."""
        if self._drawn:
            self._drawn = False
            self._stream.write(_ERASE)
            self._stream.flush()


class ByteProgress(Progress):
    """Counts the bytes of a file of a known size."""

    def __init__(self, what: str, size: int, *, stream: TextIO | None = None, shown: bool = True) -> None:
        super().__init__(what, stream=stream, shown=shown)
        self._size = size

    @override
    def _words(self, count: int, seconds: float) -> str:
        per_second = count / seconds / _MEGABYTE
        part = f"{count / _MEGABYTE:.1f} of {self._size / _MEGABYTE:.1f} MB"
        return f"{part} ({count / max(1, self._size):.0%}, {per_second:.1f} MB/s)"
