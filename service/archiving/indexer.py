"""Keep the index complete: read what the archive has stored since, set words, and record references.

Indexing lags by a second at most, so that neither a sender nor the commit waits for it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from time import perf_counter
from typing import Final, NamedTuple, cast

import msgspec

from archive.base import Archive, ArchivedEntry
from archive.references import Reference
from archive.search import Searchable, Unindexed
from archive.words import Words, fold, words_in_steps, words_of

# Of one turn: epochs, and entries of each.
EPOCHS: Final = 100
PAGE: Final = 50
# Of stored messages that are split into words in one turn of the loop (bytes).
BYTES_AT_ONCE: Final = 4_096
# Words of one call of the archive, unless one message has more: meanwhile no message is stored.
WORDS_AT_ONCE: Final = 4_000
# Between two steps of a long text, so many times as long as the step took: others have most of the time.
REST: Final = 3.0
# Of one turn, where only references are missing: epochs, and entries of each. They cost less.
RECORDED_EPOCHS: Final = 10
RECORDED_PAGE: Final = 200

_LINK: Final = re.compile(r"\bhttps?://", re.IGNORECASE)


class _Indexed(msgspec.Struct, frozen=True, gc=False):
    """What is read of a stored message, or of a change of one."""

    text: str | None = None
    user: str = ""
    user_id: str | None = None
    change: str | None = None
    target: int = 0
    mentions: tuple[str, ...] = ()
    reply_to: int | None = None
    thread: int | None = None


_decoder: Final = msgspec.json.Decoder(_Indexed)


class Part(NamedTuple):
    """What a run of entries changes in the index."""

    changes: list[Searchable]
    references: list[Reference]


class Indexer:
    """Indexes one archive. Several nodes may index the same one: each part is indexed once."""

    def __init__(
        self,
        archive: Archive,
        *,
        epochs: int = EPOCHS,
        page: int = PAGE,
        recorded_epochs: int = RECORDED_EPOCHS,
        recorded_page: int = RECORDED_PAGE,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Index `archive`: in one turn so many epochs, and a page of so many entries of each.

        `rest` is called with the seconds for which a long text waits between two of its steps.
        """
        self._rest = rest
        self._recorded_epochs = recorded_epochs
        self._recorded_page = recorded_page
        self._archive = archive
        self._epochs = epochs
        self._page = page

    async def turn(self) -> int:
        """Index a part of what was not indexed; return the number of entries.

        Raises:
            ArchiveError: the archive can't be read or written now.
        """
        count = 0
        for unindexed in await self._archive.unindexed(limit=self._epochs):
            count += await self._index(unindexed)
        return count + await self._record()

    async def _index(self, unindexed: Unindexed) -> int:
        """Index a page of an epoch."""
        room, epoch, since = unindexed
        page = await self._archive.page(room, epoch, after=since, limit=self._page)
        if page.head is None:
            return 0
        end = page.entries[-1].offset if page.newer else page.head.offset
        async for part, through in self._parts(page.entries, end):
            changes, references = part.changes, part.references
            is_next = await self._archive.index(
                room, epoch, since=since, through=through, changes=changes, references=references
            )
            if not is_next:
                # Another node has indexed it.
                break
            since = through
        return len(page.entries)

    async def _parts(self, entries: Sequence[ArchivedEntry], end: int) -> AsyncIterator[tuple[Part, int]]:
        """Read what a page changes, in parts, each with its last offset; yield to the loop in between."""
        part, words, size = Part([], []), 0, 0
        for entry in entries:
            stored = _decode(entry)
            if stored is not None:
                split = await self._split(stored)
                words += len(split.words)
                if words > WORDS_AT_ONCE and part.changes:
                    yield part, entry.offset - 1
                    part, words = Part([], []), len(split.words)
                _add(part, entry.offset, stored, split)
            size += len(entry.payload)
            if size >= BYTES_AT_ONCE:
                size = 0
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        yield part, end

    async def _split(self, stored: _Indexed) -> Words:
        """Split a text, and rest between its steps."""
        steps = words_in_steps(stored.text or "")
        while True:
            started = perf_counter()
            try:
                next(steps)
            except StopIteration as end:
                return cast(Words, end.value)
            await self._rest(REST * (perf_counter() - started))

    async def _record(self) -> int:
        """Record a part of the references among entries that an earlier version has indexed."""
        count = 0
        for room, epoch, recorded in await self._archive.references.unrecorded(limit=self._recorded_epochs):
            page = await self._archive.page(room, epoch, after=recorded, limit=self._recorded_page)
            if page.head is None:
                continue
            through = page.entries[-1].offset if page.newer else page.head.offset
            await self._archive.references.record(
                room, epoch, since=recorded, through=through, references=references_in(page.entries)
            )
            count += len(page.entries)
            await asyncio.sleep(0)
        return count


def read_part(entries: Iterable[ArchivedEntry]) -> Part:
    """Read what entries change in the index: messages, their edits and deletions, and what refers to what."""
    part = Part([], [])
    for entry in entries:
        stored = _decode(entry)
        if stored is not None:
            _add(part, entry.offset, stored, words_of(stored.text or ""))
    return part


def reworded_in(entries: Iterable[ArchivedEntry]) -> set[int]:
    """Return the messages that edits and deletions among entries change."""
    decoded = filter(None, map(_decode, entries))
    return {stored.target for stored in decoded if stored.change in ("edit", "delete")}


def references_in(entries: Iterable[ArchivedEntry]) -> list[Reference]:
    """Read only what refers to what, which takes little time."""
    decoded = ((entry.offset, _decode(entry)) for entry in entries)
    return [each for offset, stored in decoded if stored for each in _references(offset, stored)]


def _add(part: Part, offset: int, stored: _Indexed, words: Words) -> None:
    part.changes.extend(_searchable(offset, stored, words))
    part.references.extend(_references(offset, stored))


def _decode(entry: ArchivedEntry) -> _Indexed | None:
    try:
        return _decoder.decode(entry.payload)
    except msgspec.DecodeError:
        return None


def _searchable(offset: int, stored: _Indexed, words: Words) -> Iterator[Searchable]:
    if stored.change == "delete":
        yield Searchable(stored.target, None)
    elif stored.text is not None and stored.change in (None, "edit"):
        message, edit = (offset, None) if stored.change is None else (stored.target, offset)
        link, who = _has_link(stored.text), fold(stored.user)
        yield Searchable(message, words, who, stored.user_id, link, edit, stored.mentions)


def _references(offset: int, stored: _Indexed) -> Iterator[Reference]:
    """Yield what refers to the message that is changed, or to the root of a thread."""
    if stored.change is not None:
        yield Reference(offset, stored.target)
    elif (root := stored.reply_to if stored.thread is None else stored.thread) is not None:
        yield Reference(offset, root, is_reply=True)


def _has_link(text: str) -> bool:
    return _LINK.search(text) is not None
