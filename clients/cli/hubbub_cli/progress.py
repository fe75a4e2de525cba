"""Show on a terminal how far a long command is."""

import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

# In seconds: before a short command ends, nothing is shown.
_FIRST_AFTER: Final = 1.0
_EVERY: Final = 0.2
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

    def one(self) -> None:
        """Count one more."""
        self._count += 1
        now = self._clock()
        if self._shown and now >= self._next:
            self._next = now + _EVERY
            self._drawn = True
            rate = self._count / (now - self._began)
            self._stream.write(f"{_ERASE}{self._what} {self._count:,} ({rate:,.0f}/s)")
            self._stream.flush()

    def erase(self) -> None:
        """Remove the line, before another one or at the end."""
        if self._drawn:
            self._drawn = False
            self._stream.write(_ERASE)
            self._stream.flush()
