"""Callers that wait for each other: those of one scope, one at a time and in their order.

A scope is a user or an address. So a scope has one place among all others, however many callers it has.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    callers: int = 0


class ScopedQueue:
    """The callers of each scope. Its length is the number of scopes that have any."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def callers(self, scope: str) -> int:
        """Return how many callers of a scope have their turn or wait for it."""
        line = self._lines.get(scope)
        return 0 if line is None else line.callers

    @asynccontextmanager
    async def turn(self, scope: str) -> AsyncIterator[None]:
        """Wait for the earlier callers of a scope; the later ones wait until the end of the block."""
        line = self._lines.setdefault(scope, _Line())
        line.callers += 1
        try:
            async with line.lock:
                yield
        finally:
            line.callers -= 1
            if not line.callers:
                del self._lines[scope]
