"""Erase a selection: tell clients to drop it, then remove it from the broker, the archive and its files."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from time import monotonic, time
from typing import Final

import msgspec

from archive.base import Archive, ArchiveHead
from archive.errors import ArchiveUnavailable
from brokers.base import Broker, Position, Receipt
from hubbub_protocol.folding import ChangeKind
from service.erasing.selection import EntrySelector, Selection, StoredEntry
from service.wire.messages import ERASED_PAYLOAD, ChangePayload, encode_stored, sent_at

# Entries of one page, and rooms of one list.
_PAGE: Final = 200
_ROOMS: Final = 1_000
# Deletions that are stored at the same time.
_AT_ONCE: Final = 50
# Seconds between two steps that free storage: the archive serves others meanwhile.
_REST: Final = 0.01
# Seconds in which the nodes copy what was stored last to the archive.
_COPIED_WITHIN: Final = 30.0
# Rooms that no client can name: the operator's actions are there.
_INTERNAL: Final = "\x01"


class Erased(msgspec.Struct):
    """How far it is: rooms that were searched, entries that were erased."""

    rooms: int = 0
    entries: int = 0


class Eraser:
    """Erases on one node, for all nodes.

    Args:
        open_rooms: the names of rooms that the archive may not know yet.
        window: of each room so many entries are deleted for clients first. What is older leaves the screen
            when it is read again.
        forget: removes what is kept of a user besides messages, of one room or all.
        remove_files: removes files by their ids.
    """

    def __init__(
        self,
        broker: Broker,
        archive: Archive | None,
        open_rooms: Callable[[], Iterable[str]],
        window: int,
        *,
        forget: Callable[[str, str | None], Awaitable[None]] | None = None,
        remove_files: Callable[[Sequence[str]], Awaitable[None]] | None = None,
    ) -> None:
        self._broker = broker
        self._archive = archive
        self._open_rooms = open_rooms
        self._window = window
        self._forget_user = forget
        self._remove_files = remove_files

    @property
    def knows_all_rooms(self) -> bool:
        """Whether a selection may be without a room."""
        return self._archive is not None

    async def erase(self, selection: Selection, done: Erased) -> None:
        """Erase, and count in `done` what was erased. What failed half-way may be called again.

        Raises:
            BrokerError, ArchiveError: the broker or the archive can't be reached now.
        """
        async for room in self._rooms(selection):
            done.entries += await self._erase_room(room, selection)
            done.rooms += 1
        forgets = await self._forget(selection)
        if self._archive is not None and (done.entries or forgets):
            while not await self._archive.purge():  # noqa: ASYNC110  it is work, and no waiting
                await asyncio.sleep(_REST)

    async def _forget(self, selection: Selection) -> bool:
        if self._forget_user is None or selection.names_user is None:
            return False
        await self._forget_user(selection.names_user, selection.room)
        return True

    async def _rooms(self, selection: Selection) -> AsyncIterator[str]:
        if selection.room is not None:
            yield selection.room
            return
        known = set(self._open_rooms())
        async for room in self._archived_rooms():
            known.discard(room)
            if not room.startswith(_INTERNAL):
                yield room
        for room in sorted(known):
            yield room

    async def _archived_rooms(self) -> AsyncIterator[str]:
        after: str | None = None
        while self._archive is not None:
            names = await self._archive.rooms(after=after, limit=_ROOMS)
            for name in names:
                yield name
            if len(names) < _ROOMS:
                return
            after = names[-1]

    async def _erase_room(self, room: str, selection: Selection) -> int:
        head = (await self._broker.heads([room]))[room]
        selector = EntrySelector(selection)
        count = 0
        # The last ones are erased when clients and nodes have dropped them.
        last: deque[int] = deque()
        async for epoch, offsets in self._archived(room, head, selector):
            if epoch.epoch != head.epoch:
                count += await self._erase_archived(room, epoch.epoch, offsets)
                continue
            last += offsets
            early = [last.popleft() for _ in range(len(last) - self._window)]
            await self._erase_current(room, early)
            count += len(early)
        async for offsets in self._stored(room, head, selector):
            last += offsets
        if not last:
            return count
        found = len(last)
        last += await self._drop(room, [_dropping(each, selector) for each in last])
        # The last entry of a room can't be erased: this one may stay.
        await self._copied(room, await self._publish(room, ERASED_PAYLOAD))
        await self._erase_current(room, last)
        return count + found

    async def _archived(
        self, room: str, head: Position, selector: EntrySelector
    ) -> AsyncIterator[tuple[ArchiveHead, Sequence[int]]]:
        """Find entries in the archive, epoch by epoch."""
        for epoch in [] if self._archive is None else await self._archive.epochs(room):
            chosen = selector if epoch.epoch == head.epoch else EntrySelector(selector.selection)
            async for offsets in self._archived_in(room, epoch.epoch, chosen):
                yield epoch, offsets

    async def _copied(self, room: str, end: Receipt) -> None:
        """Wait until the archive has a room up to a position: what is copied later would not be erased."""
        if self._archive is None:
            return
        limit = monotonic() + _COPIED_WITHIN
        while (found := (await self._archive.heads([room])).get(room)) is None or (
            found.epoch == end.epoch and found.offset < end.offset
        ):
            if monotonic() > limit:
                raise ArchiveUnavailable(
                    f"The archive lacks the last messages of {room!r}, and they were not erased. When it has "
                    "caught up, erase again."
                )
            await asyncio.sleep(_REST)

    async def _archived_in(
        self, room: str, epoch: str, selector: EntrySelector
    ) -> AsyncIterator[Sequence[int]]:
        """Find entries of an epoch in the archive."""
        assert self._archive is not None  # noqa: S101  for the type checker
        after = 0
        while True:
            page = await self._archive.page(room, epoch, after=after, limit=_PAGE)
            yield await self._select(
                selector, (StoredEntry(entry.offset, entry.at, entry.payload) for entry in page.entries)
            )
            if not page.newer:
                return
            after = page.entries[-1].offset

    async def _stored(
        self, room: str, head: Position, selector: EntrySelector
    ) -> AsyncIterator[Sequence[int]]:
        """Find entries that only the broker has."""
        after = selector.end
        while after < head.offset:
            page = await self._broker.history(room, after=after, limit=_PAGE)
            yield await self._select(
                selector,
                (StoredEntry(entry.offset, sent_at(entry.payload), entry.payload) for entry in page.entries),
            )
            if not page.entries or not page.more:
                return
            after = page.entries[-1].offset

    async def _select(self, selector: EntrySelector, entries: Iterable[StoredEntry]) -> Sequence[int]:
        """Find entries, and remove their files: after a failure they are found again by their entries."""
        offsets = selector.select(entries)
        if self._remove_files is not None and selector.files:
            await self._remove_files(selector.files)
        selector.files.clear()
        return offsets

    async def _erase_archived(self, room: str, epoch: str, offsets: Sequence[int]) -> int:
        if self._archive is None or not offsets:
            return 0
        return await self._archive.erase(room, epoch, offsets, ERASED_PAYLOAD)

    async def _erase_current(self, room: str, offsets: Iterable[int]) -> None:
        left = list(offsets)
        for start in range(0, len(left), _PAGE):
            await self._broker.erase(room, left[start : start + _PAGE], ERASED_PAYLOAD)

    async def _drop(self, room: str, changes: Iterable[ChangePayload | None]) -> list[int]:
        """Store changes by which clients and nodes drop entries; return which of them are to be erased too.

        A deletion stays: a client that comes back has to see it.
        """
        wanted = [change for change in changes if change is not None]
        left: list[int] = []
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            receipts = await asyncio.gather(*(self._publish(room, encode_stored(each)) for each in some))
            left += [
                receipt.offset
                for receipt, change in zip(receipts, some, strict=True)
                if change.change is not ChangeKind.DELETE
            ]
        return left

    def _publish(self, room: str, payload: bytes) -> asyncio.Future[Receipt]:
        return self._broker.publish(room, payload, key=f"erase:{secrets.token_urlsafe(12)}")


def _dropping(offset: int, selector: EntrySelector) -> ChangePayload | None:
    """Make the change by which clients drop an entry; None if they need none."""
    now, key = int(time() * 1000), secrets.token_urlsafe(12)
    if offset in selector.messages:
        return ChangePayload(ChangeKind.DELETE, offset, key, "operator", "operator", "bot", now)
    reaction = selector.reactions.get(offset)
    if reaction is None or reaction.user_id is None:
        return None
    # Reactions are those of an id.
    return ChangePayload(
        ChangeKind.UNREACT, reaction.target, key, "", reaction.user_id, "", now, emoji=reaction.emoji
    )
