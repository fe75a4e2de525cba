"""Read marks of this node's users: gathered, and stored off the path of messages."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final

from archive.base import Archive, Mark, Unread
from archive.errors import ArchiveError
from brokers.base import Position
from service.runtime.tasks import Tasks

# Marks that wait to be stored, in users and rooms.
MAX_WAITING: Final = 100_000
# Marks that are known without reading them.
MAX_KNOWN: Final = 10_000
# Marks of one transaction.
BATCH: Final = 1_000
# Messages behind a mark that are counted; more are as many.
MOST_UNREAD: Final = 100

_log: Final = logging.getLogger(__name__)


class TooManyMarks(Exception):
    """As many marks wait to be stored as may."""

    def __init__(self) -> None:
        super().__init__("too many read marks wait to be stored: try again later")


class StoredMarks:
    """Moves and reads the marks of users, in one archive.

    Args:
        archive: where they are stored.
        most: marks that are kept of each user.
        most_waiting, most_known: marks in memory.
    """

    def __init__(
        self, archive: Archive, most: int, *, most_waiting: int = MAX_WAITING, most_known: int = MAX_KNOWN
    ) -> None:
        self._most_waiting = most_waiting
        self._most_known = most_known
        self._archive = archive
        self._most = most
        self._waiting: dict[tuple[str, str], Mark] = {}
        # Those that were read or moved last: a reader in a busy room needs no read for each move. They may be
        # behind those of another node; the store is not.
        self._known: OrderedDict[tuple[str, str], Mark] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiting)

    def move(self, mark: Mark) -> None:
        """Move a mark forward, in the store within some seconds.

        Raises:
            TooManyMarks: as many wait as may.
        """
        key = mark.user, mark.room
        if key not in self._waiting and len(self._waiting) >= self._most_waiting:
            raise TooManyMarks
        before = self._waiting.get(key)
        if before is None or is_ahead(mark, before):
            self._waiting[key] = mark
        self._remember(mark)

    def moved_elsewhere(self, user: str, room: str, epoch: str, offset: int) -> None:
        """Note that a mark is at a position, which another connection or node stores."""
        known = self._known.get((user, room))
        if known is not None and known.epoch != epoch:
            del self._known[user, room]
        elif known is not None and known.offset < offset:
            self._known[user, room] = known._replace(offset=offset)

    def forget_beyond(self, user: str, room: str, end: Position) -> None:
        """Forget a mark that is after the last entry of its room: the broker has lost the entries there."""
        for marks in (self._waiting, self._known):
            mark = marks.get((user, room))
            if mark is not None and mark.epoch == end.epoch and mark.offset > end.offset:
                del marks[user, room]

    async def known(self, user: str, room: str) -> Mark | None:
        """Return the mark of a user in a room, as this node knows it; read it otherwise. Raises as `find`."""
        return self._known.get((user, room)) or await self.find(user, room)

    async def find(self, user: str, room: str) -> Mark | None:
        """Read the mark of a user in a room. Raises ArchiveError if it can't be read now."""
        stored = (await self._archive.marks_in(user, [room])).get(room)
        found = self._latest(stored, user, room)
        if found is not None:
            self._remember(found)
        return found

    async def page(self, user: str, after: str | None, limit: int) -> list[Mark]:
        """Read up to `limit` marks of a user, by room, behind a room. Raises as `find`."""
        stored = {mark.room: mark for mark in await self._archive.marks(user, after=after, limit=limit)}
        rooms = {room for owner, room in self._waiting if owner == user and room > (after or "")}
        found = (self._latest(stored.get(room), user, room) for room in sorted({*stored, *rooms})[:limit])
        return [mark for mark in found if mark is not None]

    async def unread(self, marks: Sequence[Mark]) -> dict[str, Unread]:
        """Count what is indexed behind marks of one user. Raises as `find`."""
        return await self._archive.unread(marks, most=MOST_UNREAD)

    async def named(self, room: str, names: Iterable[str]) -> dict[str, str]:
        """Find users with marks in a room by name: those that are stored. Raises as `find`."""
        return await self._archive.named(room, names)

    async def forget(self, user: str, room: str | None = None) -> None:
        """Remove the marks of a user, or the one in a room. Raises as `find`."""
        for marks in (self._waiting, self._known):
            for key in [key for key in marks if key[0] == user and room in {None, key[1]}]:
                del marks[key]
        await self._archive.forget(user, room)

    async def newest(self, rooms: Iterable[str]) -> dict[str, int]:
        """Read when the last entries of rooms were stored. Raises as `find`."""
        return await self._archive.newest(rooms)

    def run(self, tasks: Tasks, interval: float) -> None:
        """Store what waits after each interval (seconds)."""
        tasks.start(self._store_repeatedly(interval), name="store read marks")

    async def store(self) -> None:
        """Store what waits. Raises ArchiveError: it still waits."""
        while self._waiting:
            batch = dict(list(self._waiting.items())[:BATCH])
            await self._archive.mark(list(batch.values()), most=self._most)
            for key, mark in batch.items():
                # It may have moved on meanwhile.
                if self._waiting.get(key) == mark:
                    del self._waiting[key]

    async def finish(self, limit: float) -> None:
        """Store what is left, within a time limit."""
        try:
            async with asyncio.timeout(limit):
                await self.store()
        except (ArchiveError, TimeoutError) as error:
            _log.warning("marks_not_stored", extra={"reason": str(error) or "time limit"})

    async def _store_repeatedly(self, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            try:
                await self.store()
            except ArchiveError as error:
                _log.warning("marks_not_stored", extra={"reason": str(error)})

    def _remember(self, mark: Mark) -> None:
        self._known[mark.user, mark.room] = mark
        self._known.move_to_end((mark.user, mark.room))
        if len(self._known) > self._most_known:
            self._known.popitem(last=False)

    def _latest(self, stored: Mark | None, user: str, room: str) -> Mark | None:
        waiting = self._waiting.get((user, room))
        return waiting if waiting is not None and (stored is None or is_ahead(waiting, stored)) else stored


def is_ahead(mark: Mark, other: Mark) -> bool:
    """Return whether a mark is ahead of another one of the same user and room."""
    return mark.offset > other.offset if mark.epoch == other.epoch else mark.at >= other.at
