"""Keep the search index complete: read what the archive has stored since, and set the words of each message.

Indexing lags by a second at most, so that neither a sender nor the commit waits for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from archive.base import Archive, ArchivedEntry
from archive.search import Searchable
from archive.words import fold, words_of

# Of one turn: epochs, and entries of each.
EPOCHS: Final = 100
PAGE: Final = 50
# Of stored messages that are split into words in one turn of the loop (bytes).
BYTES_AT_ONCE: Final = 4_096

_LINK: Final = re.compile(r"\bhttps?://", re.IGNORECASE)


class _Indexed(msgspec.Struct, frozen=True, gc=False):
    """What is read of a stored message, or of a change of one."""

    text: str | None = None
    user: str = ""
    user_id: str | None = None
    change: str | None = None
    target: int = 0
    mentions: tuple[str, ...] = ()


_decoder: Final = msgspec.json.Decoder(_Indexed)


class Indexer:
    """Indexes one archive. Several nodes may index the same one: each part is indexed once."""

    def __init__(self, archive: Archive, *, epochs: int = EPOCHS, page: int = PAGE) -> None:
        """Index `archive`: in one turn so many epochs, and a page of so many entries of each."""
        self._archive = archive
        self._epochs = epochs
        self._page = page

    async def turn(self) -> int:
        """Index a part of what was not indexed; return the number of entries.

        Raises:
            ArchiveError: the archive can't be read or written now.
        """
        count = 0
        for room, epoch, indexed in await self._archive.unindexed(limit=self._epochs):
            page = await self._archive.page(room, epoch, after=indexed, limit=self._page)
            if page.head is None:
                continue
            through = page.entries[-1].offset if page.newer else page.head.offset
            changes = await _searchable_in_parts(page.entries)
            await self._archive.index(room, epoch, since=indexed, through=through, changes=changes)
            count += len(page.entries)
        return count


async def _searchable_in_parts(entries: Iterable[ArchivedEntry]) -> list[Searchable]:
    """Collect what entries change, and yield to the loop between parts: long texts take milliseconds."""
    changes: list[Searchable] = []
    size = 0
    for entry in entries:
        changes += searchable([entry])
        size += len(entry.payload)
        if size >= BYTES_AT_ONCE:
            size = 0
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    return changes


def searchable(entries: Iterable[ArchivedEntry]) -> Iterator[Searchable]:
    """Yield what entries change in the index: a message, its edits, its deletion."""
    for entry in entries:
        try:
            stored = _decoder.decode(entry.payload)
        except msgspec.DecodeError:
            continue
        if stored.change == "delete":
            yield Searchable(stored.target, None)
        elif stored.text is not None and stored.change in (None, "edit"):
            offset, edit = (entry.offset, None) if stored.change is None else (stored.target, entry.offset)
            words = words_of(stored.text)
            link, who = _has_link(stored.text), fold(stored.user)
            yield Searchable(offset, words, who, stored.user_id, link, edit, stored.mentions)


def _has_link(text: str) -> bool:
    return _LINK.search(text) is not None
