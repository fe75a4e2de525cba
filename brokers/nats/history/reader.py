"""Read heads, and pages in both directions.

On a replicated stream the answering server may lag (see `sources`). The head of a room is therefore read from
the stream's leader, and a page counts only if its source reaches that head. Otherwise it is read again,
finally from the leader.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

from brokers.base import Page
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.history.pages import OffsetSearch, PageBuilder, VisibleMessages, split
from brokers.nats.history.sources import BATCH, BatchSource, ConsumerSource, LeaderSource, MessageSource
from brokers.nats.jetstream import BatchReply, StoredMessage, found, request
from brokers.nats.leader_replies import last_offset, republished_offset
from brokers.nats.stream.info import fetch_stream_info, first_head, leader_get
from brokers.nats.stream.setup import EntryStream

# The most subjects that a server accepts in one request.
_SUBJECTS: Final = 1000
# Concurrent requests for single rooms; a server drops requests beyond its own bound.
_AT_ONCE: Final = 200
# Messages that may be read in vain, to save another request for the start.
_SLACK: Final = 50
# Seconds before a lagging replica is asked again, the longest pause, and the number of attempts.
_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.2
_ATTEMPTS: Final = 8


class RoomHead(NamedTuple):
    """The last offset of a room, and whether its entry is still stored."""

    offset: int
    kept: bool


class NatsReader:
    """Reads on one connection, from the streams as they were when it was opened.

    `attempts` and `pause` say how often, and after which pause, a lagging replica is asked again.
    """

    def __init__(
        self,
        connection: NatsConnection,
        stream: EntryStream,
        *,
        attempts: int = _ATTEMPTS,
        pause: float = _PAUSE,
    ) -> None:
        self._connection = connection
        self._attempts = attempts
        self._pause = pause
        self._stream = stream
        self._subjects = stream.subjects
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._source: MessageSource = (BatchSource if stream.batches else ConsumerSource)(
            connection, stream.subjects
        )

    async def heads(self, rooms: Iterable[str]) -> dict[str, int]:
        """Read the last offset of each room."""
        rooms = list(dict.fromkeys(rooms))
        known = await self._many(rooms) if self._stream.batches else {}
        rest = [room for room in rooms if room not in known]
        lasts = await asyncio.gather(*(self.last(room) for room in rest))
        return {**known, **{room: last.offset for room, last in zip(rest, lasts, strict=True)}}

    async def last(self, room: str) -> RoomHead:
        """Read the last offset of a room."""
        async with self._turns:
            subject = self._subjects.entry_in(room)
            if self._stream.replicated:
                # Only the leader never lags.
                offset = await self._leader(self._subjects.entries, subject)
            else:
                body = request(last_by_subj=subject)
                raws = await self._connection.ask(f"$JS.API.DIRECT.GET.{self._subjects.entries}", body, found)
                offset = raws[0].offset if raws else 0
            if offset:
                return RoomHead(offset, kept=True)
            body = request(last_by_subj=self._subjects.entry_out(room))
            head = await self._connection.ask(leader_get(self._subjects.heads), body, republished_offset)
            return RoomHead(head or await first_head(self._connection, self._subjects), kept=False)

    async def after(self, room: str, after: int, limit: int) -> Page:
        """Read the first entries after an offset."""
        return await self._retry_until_complete(lambda source: self._after(source, room, after, limit))

    async def before(self, room: str, before: int | None, limit: int) -> Page:
        """Read the last entries before an offset, or of the room."""
        return await self._retry_until_complete(lambda source: self._before(source, room, before, limit))

    async def _retry_until_complete(self, read: Callable[[MessageSource], Awaitable[Page | None]]) -> Page:
        """Retry until a page is complete, because entries changed or the replica lags."""
        pause, sources = self._pause, chain([self._source] * self._attempts, self._from_the_leader())
        while (page := await read(next(sources))) is None:
            await asyncio.sleep(pause if self._stream.replicated else 0)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return page

    def _from_the_leader(self) -> Iterator[MessageSource]:
        while True:
            yield LeaderSource(self._connection, self._subjects)

    async def _after(self, source: MessageSource, room: str, after: int, limit: int) -> Page | None:
        # Start at the offset itself: one reply shows both that it exists and what follows.
        raws, last = await asyncio.gather(source.read_from(room, max(after, 1), limit + 2), self.last(room))
        if last.offset > after and not _is_complete(raws, last):
            return None
        last_up_to, read_from = split(raws, after)
        pager = self._pager(room)
        if not read_from:
            return pager.nothing_after(after, head=last.offset)
        if last_up_to or not after:
            kept = _after_predecessor(last_up_to, read_from) or pager.visible(
                read_from, read_from[0].pending + 1
            )
        else:
            found = await self._find_predecessor(source, room, after, read_from, limit)
            if found is None or not _is_complete(found.raws, last):
                return None
            kept = found
        return pager.after(after, limit, kept, last.offset)

    async def _find_predecessor(
        self, source: MessageSource, room: str, after: int, read_from: Sequence[StoredMessage], limit: int
    ) -> VisibleMessages | None:
        """Find the predecessor of the first entry after an offset that belongs to another room."""
        oldest = await source.read_from(room, 1, 1)
        if not oldest:
            return None
        if oldest[0].offset > after:
            return self._pager(room).visible(read_from, read_from[0].pending + 1)
        start = await source.last_up_to(room, after)
        last_up_to, read_from = (
            split(await source.read_from(room, start, limit + 2), after) if start else ((), ())
        )
        # The chain of a client that is at an erased entry continues.
        return VisibleMessages(read_from, after) if last_up_to and read_from else None

    async def _before(self, source: MessageSource, room: str, before: int | None, limit: int) -> Page | None:
        pager = self._pager(room)
        oldest, last = await asyncio.gather(source.read_from(room, 1, 1), self.last(room))
        if last.kept and not oldest:
            return None
        end = min(before, last.offset + 1) if before is not None else last.offset + 1
        if not oldest or oldest[0].offset >= end:
            return pager.before(limit, VisibleMessages((), 0), last.offset, more=False)
        start = await self._start(source, room, oldest[0], end, limit)
        raws = await self._range(source, room, start, end, last)
        if raws is None:
            return None
        if start > oldest[0].offset:
            # The first message is read only as the predecessor of the next.
            kept = VisibleMessages(raws[1:], raws[0].offset)
            return pager.before(limit, kept, last.offset, more=True) if kept.raws else None
        if raws[0].offset != start:
            return None
        return pager.before(limit, pager.visible(raws, raws[0].pending + 1), last.offset, more=False)

    def _pager(self, room: str) -> PageBuilder:
        return PageBuilder(room=room, epoch=self._stream.epoch, most=self._stream.most)

    async def _leader(self, stream: str, subject: str) -> int:
        return await self._connection.ask(leader_get(stream), request(last_by_subj=subject), last_offset)

    async def _many(self, rooms: Sequence[str]) -> dict[str, int]:
        subjects = {self._subjects.entry_in(room): room for room in rooms}
        order = list(subjects)
        parts = [order[place : place + _SUBJECTS] for place in range(0, len(order), _SUBJECTS)]
        answers = await asyncio.gather(*(self._last_of(part) for part in parts))
        return {subjects[raw.subject]: raw.offset for raws in answers for raw in raws}

    async def _last_of(self, subjects: Sequence[str]) -> Sequence[StoredMessage]:
        """Read the last message of each subject; ignore answers of lagging replicas."""
        get, body = f"$JS.API.DIRECT.GET.{self._subjects.entries}", request(multi_last=subjects)
        if not self._stream.replicated:
            return await self._connection.ask(get, body, BatchReply().take)
        least = (await fetch_stream_info(self._connection, self._subjects)).last
        for _ in range(self._attempts):
            batch = BatchReply()
            raws = await self._connection.ask(get, body, batch.take)
            if batch.up_to >= least:
                return raws
            await asyncio.sleep(self._pause)
        return ()

    async def _start(
        self, source: MessageSource, room: str, oldest: StoredMessage, end: int, limit: int
    ) -> int:
        """Find a start, so that `limit` messages and one more precede `end`."""
        stored, low = oldest.pending + 1, oldest.offset
        if stored <= limit + 1 + _SLACK:
            return low
        behind = await _count(source, room, end)
        search = OffsetSearch(
            (low, stored), (end, behind), wanted=behind + limit + 1, slack=max(limit, _SLACK)
        )
        while search.found is None:
            guess = search.guess
            search.learn(guess, await _count(source, room, guess))
        return search.found

    async def _range(
        self, source: MessageSource, room: str, start: int, end: int, last: RoomHead
    ) -> Sequence[StoredMessage] | None:
        """Read the messages from `start` to `end`; None if some may be missing."""
        raws: list[StoredMessage] = []
        while start < end:
            part = await source.read_from(room, start, BATCH)
            raws += [raw for raw in part if raw.offset < end]
            if not part or not part[-1].pending:
                return raws if raws and _is_complete(part, last) else None
            start = part[-1].offset + 1
        return raws


def _is_complete(raws: Sequence[StoredMessage], last: RoomHead) -> bool:
    """Return whether the messages reach the head that the leader reported."""
    return not last.kept or bool(raws and (raws[-1].pending or raws[-1].offset >= last.offset))


def _after_predecessor(
    last_up_to: Sequence[StoredMessage], read_from: Sequence[StoredMessage]
) -> VisibleMessages | None:
    return VisibleMessages(read_from, last_up_to[-1].offset) if last_up_to else None


async def _count(source: MessageSource, room: str, offset: int) -> int:
    raws = await source.read_from(room, offset, 1)
    return raws[0].pending + 1 if raws else 0
