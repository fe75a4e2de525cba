"""Pages have a bounded size, and a walk over many entries yields to the loop between its slices.

So a page takes a bounded time in a turn of the loop, however long its messages are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from typing import Final, TypeAlias

from brokers.base import Entry

# Of the messages of one page (bytes). A page has one message at least.
PAGE_BYTES: Final = 256 * 1024
# Of a slice (bytes); an entry counts as `_LEAST` more than it has.
SLICE_BYTES: Final = 64 * 1024
_LEAST: Final = 512

# Waits for a turn among all that have work for the loop.
Turn: TypeAlias = Callable[[], Awaitable[None]]


async def next_turn() -> None:
    """Wait for the next turn of the loop."""
    await asyncio.sleep(0)


async def in_slices(entries: Sequence[Entry], turn: Turn) -> AsyncGenerator[Sequence[Entry], None]:
    """Yield the entries in slices. After several of them, what follows has a turn of its own too."""
    start = size = 0
    for end, entry in enumerate(entries):
        if size >= SLICE_BYTES:
            yield entries[start:end]
            await turn()
            start, size = end, 0
        size += len(entry.payload) + _LEAST
    yield entries[start:]
    if start:
        await turn()


def first_of(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the beginning that fits into a page."""
    return entries[: _fitting(entries)]


def last_of(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return the end that fits into a page."""
    return entries[len(entries) - _fitting(reversed(entries)) :]


def _fitting(entries: Iterable[Entry]) -> int:
    count = size = 0
    for entry in entries:
        size += len(entry.payload)
        if count and size > PAGE_BYTES:
            break
        count += 1
    return count


def entries_that_fit(entries: Sequence[Entry], most: int) -> int:
    """Return how many entries, as long as these are, fit into a page: one at least, and `most`."""
    size = sum(len(entry.payload) for entry in entries)
    return max(1, min(most, PAGE_BYTES * len(entries) // size)) if size else most
