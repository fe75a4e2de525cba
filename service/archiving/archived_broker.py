"""A broker whose history continues in an archive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from typing_extensions import override

from archive.base import Archive, ArchivePage
from archive.errors import ArchiveError
from brokers.base import Broker, Listener, Page, Position, Receipt
from brokers.errors import Unavailable
from service.archiving.chains import join_after, join_before
from service.archiving.held_publishes import HeldPublishes
from service.settings.tuning import DEFAULTS, Tuning

_log: Final = logging.getLogger(__name__)


class ArchivedBroker(Broker):
    """Another broker, with a longer history.

    It keeps the promises of that broker. `history` reads the archive only where the broker has trimmed. While
    the archive can't be read, it returns what the broker has: with `more` set if there may be older entries.

    Args:
        mark: called with each room that is subscribed, and with each room that is published in and the bytes
            of the payload, before the entry is stored.
        has_place: whether an entry may be published in a room now, or has to wait until more was copied.
        tuning: how many of them wait, and for how long.
    """

    def __init__(
        self,
        broker: Broker,
        archive: Archive,
        mark: Callable[[str, int], None],
        has_place: Callable[[str], bool] = lambda _: True,
        tuning: Tuning = DEFAULTS,
    ) -> None:
        super().__init__(broker.options)
        self._broker = broker
        self._archive = archive
        self._mark = mark
        self.held = HeldPublishes(
            self._publish, has_place, seconds=tuning.archive_hold_seconds, most=tuning.archive_held
        )

    @override
    async def start(self, listener: Listener) -> None:
        await self._broker.start(listener)

    @override
    async def close(self) -> None:
        self.held.close()
        await self._broker.close()

    @override
    def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[Receipt]:
        if self.held.must_wait(room):
            return self.held.add(room, payload, key)
        return self._publish(room, payload, key)

    @override
    async def subscribe(self, room: str) -> Position:
        self._mark(room, 0)
        return await self._broker.subscribe(room)

    @override
    async def unsubscribe(self, room: str) -> None:
        await self._broker.unsubscribe(room)

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        page = await self._broker.history(room, after=after, before=before, limit=limit)
        if after is not None:
            return await self._on_after(room, page, after, limit) if page.trimmed else page
        return page if page.more else await self._on_before(room, page, before, limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        return await self._broker.heads(rooms)

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        """Erase in both. Raises `Unavailable` also if the archive can't be written now."""
        head = (await self._broker.heads([room]))[room]
        earlier = [offset for offset in offsets if offset < head.offset]
        await self._broker.erase(room, earlier, payload)
        try:
            await self._archive.erase(room, head.epoch, earlier, payload)
        except ArchiveError as error:
            raise Unavailable(str(error)) from error

    @override
    def emit(self, room: str, payload: bytes) -> None:
        self._broker.emit(room, payload)

    @override
    async def probe(self) -> None:
        await self._broker.probe()

    @override
    async def confirm(self, room: str) -> None:
        await self._broker.confirm(room)

    @override
    def stats(self) -> Mapping[str, float]:
        return self._broker.stats()

    def _publish(self, room: str, payload: bytes, key: str) -> asyncio.Future[Receipt]:
        self._mark(room, len(payload))
        return self._broker.publish(room, payload, key=key)

    async def _on_after(self, room: str, page: Page, after: int, limit: int) -> Page:
        read = await self._read(room, page.head.epoch, after=after, limit=limit)
        return page if read is None else join_after(page, read.entries, after, limit)

    async def _on_before(self, room: str, page: Page, before: int | None, limit: int) -> Page:
        end = page.head.offset + 1
        first = page.entries[0].prev + 1 if page.entries else min(end if before is None else before, end)
        if first <= 1:
            return page
        rest = max(1, limit - len(page.entries))
        read = await self._read(room, page.head.epoch, before=first, limit=rest)
        if read is None:
            return page._replace(more=True)
        return join_before(page, read.entries, limit, older=read.older)

    async def _read(
        self, room: str, epoch: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> ArchivePage | None:
        """Read a page of the archive; None if it can't be read now."""
        try:
            return await self._archive.page(room, epoch, after=after, before=before, limit=limit)
        except ArchiveError as error:
            _log.warning("archive_not_read", extra={"room": room, "reason": str(error)})
            return None
