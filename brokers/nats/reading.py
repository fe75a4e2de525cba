"""Reading from the streams: heads, and pages in both directions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from brokers.base import Page
from brokers.nats.link import Link
from brokers.nats.paging import Kept, Pager, Search, split
from brokers.nats.streams import Stream
from brokers.nats.wire import Batch, Raw, found, handed_on_offset, last_offset, request

# Subjects that a server takes in one request.
_SUBJECTS: Final = 1000
# Questions for one room each that are under way at once; a server drops what is beyond its own bound.
_AT_ONCE: Final = 200
_BATCH: Final = 500
# Messages that may be read and not shown, rather than asking again where to begin.
_SLACK: Final = 50
# How long a server that trails is given before it's asked again.
_PAUSE: Final = 0.02


class Last(NamedTuple):
    """A room's last offset, and whether its entry is still there."""

    offset: int
    kept: bool


class Reader:
    """Reads over one link, from the streams as they were found when it was opened."""

    def __init__(self, link: Link, stream: Stream) -> None:
        self._link = link
        self._stream = stream
        self._names = stream.names
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def heads(self, rooms: Iterable[str]) -> dict[str, int]:
        """Tell the last offset of each room."""
        rooms = list(dict.fromkeys(rooms))
        known = await self._many(rooms) if self._stream.batches and not self._stream.replicated else {}
        rest = [room for room in rooms if room not in known]
        if known and not self._stream.has_expired:
            return {**dict.fromkeys(rest, 0), **known}
        lasts = await asyncio.gather(*(self.last(room) for room in rest))
        return {**known, **{room: last.offset for room, last in zip(rest, lasts, strict=True)}}

    async def last(self, room: str) -> Last:
        """Tell a room's last offset."""
        async with self._turns:
            subject = self._names.entry_in(room)
            if self._stream.replicated:
                # Only the leader can't trail; and by the way to it, it heard of our subscriptions before.
                offset = await self._leader(self._names.entries, subject)
            else:
                raws = await self._link.ask(self._get, request(last_by_subj=subject), found)
                offset = raws[0].offset if raws else 0
            if offset or not self._stream.has_expired:
                return Last(offset, kept=offset > 0)
            body = request(last_by_subj=self._names.entry_out(room))
            return Last(
                await self._link.ask(_leader_get(self._names.heads), body, handed_on_offset), kept=False
            )

    async def after(self, room: str, after: int, limit: int) -> Page:
        """Read the first entries behind an offset."""
        pager = self._pager(room)
        while True:
            (below, ahead), last = await asyncio.gather(self._around(room, after, limit + 1), self.last(room))
            read = ahead[-1].offset if ahead else after
            if last.kept and last.offset > read and not (ahead and ahead[-1].pending):
                # Stored between the questions, or the server that answers trails the leader.
                await asyncio.sleep(_PAUSE if self._stream.replicated else 0)
                continue
            if not ahead:
                return pager.nothing_after(after, below=bool(below), head=last.offset)
            kept = Kept(ahead, below[-1].offset) if below else pager.reveal(ahead, ahead[0].pending + 1)
            return pager.after(after, limit, kept, last.offset)

    async def before(self, room: str, before: int | None, limit: int) -> Page:
        """Read the last entries ahead of an offset, or of all."""
        pager = self._pager(room)
        oldest, last = await asyncio.gather(self._ahead(room, 1, 1), self.last(room))
        end = min(before, last.offset + 1) if before is not None else last.offset + 1
        if not oldest or oldest[0].offset >= end:
            return pager.before(limit, Kept((), 0), last.offset, more=False)
        start = await self._start(room, oldest[0], end, limit)
        raws = await self._range(room, start, end)
        if start > oldest[0].offset and len(raws) > 1:
            # The first is read only for being the one before the next.
            return pager.before(limit, Kept(raws[1:], raws[0].offset), last.offset, more=True)
        kept = pager.reveal(raws, oldest[0].pending + 1) if raws else Kept((), 0)
        return pager.before(limit, kept, last.offset, more=False)

    @property
    def _get(self) -> str:
        return f"$JS.API.DIRECT.GET.{self._names.entries}"

    def _pager(self, room: str) -> Pager:
        stream = self._stream
        return Pager(room=room, epoch=stream.epoch, most=stream.most, has_expired=stream.has_expired)

    async def _leader(self, stream: str, subject: str) -> int:
        return await self._link.ask(_leader_get(stream), request(last_by_subj=subject), last_offset)

    async def _many(self, rooms: Sequence[str]) -> dict[str, int]:
        subjects = {self._names.entry_in(room): room for room in rooms}
        order = list(subjects)
        parts = [order[place : place + _SUBJECTS] for place in range(0, len(order), _SUBJECTS)]
        answers = await asyncio.gather(
            *(self._link.ask(self._get, request(multi_last=part), Batch().take) for part in parts)
        )
        return {subjects[raw.subject]: raw.offset for raws in answers for raw in raws}

    async def _around(self, room: str, offset: int, most: int) -> tuple[Sequence[Raw], Sequence[Raw]]:
        """Read the last message up to an offset, and the first ones behind it."""
        if not self._stream.batches:
            return split(await self._all(room), offset)
        ahead = self._ahead(room, offset + 1, most)
        if not offset:
            return (), await ahead
        subject = self._names.entry_in(room)
        below = self._link.ask(self._get, request(multi_last=[subject], up_to_seq=offset), Batch().take)
        return tuple(await asyncio.gather(below, ahead))  # type: ignore[return-value]

    async def _ahead(self, room: str, offset: int, most: int) -> Sequence[Raw]:
        """Read the first messages at an offset and behind it."""
        if not self._stream.batches:
            return split(await self._all(room), offset - 1)[1]
        body = request(next_by_subj=self._names.entry_in(room), seq=offset, batch=most)
        return await self._link.ask(self._get, body, Batch().take)

    async def _start(self, room: str, oldest: Raw, end: int, limit: int) -> int:
        """Find where to begin, so that `limit` messages and one more are ahead of `end`."""
        stored, low = oldest.pending + 1, oldest.offset
        if stored <= limit + 1 + _SLACK or not self._stream.batches:
            return low
        behind = await self._count(room, end)
        search = Search((low, stored), (end, behind), wanted=behind + limit + 1, slack=max(limit, _SLACK))
        while search.found is None:
            guess = search.guess
            search.learn(guess, await self._count(room, guess))
        return search.found

    async def _count(self, room: str, offset: int) -> int:
        raws = await self._ahead(room, offset, 1)
        return raws[0].pending + 1 if raws else 0

    async def _range(self, room: str, start: int, end: int) -> Sequence[Raw]:
        raws: list[Raw] = []
        while start < end:
            part = await self._ahead(room, start, _BATCH)
            raws += [raw for raw in part if raw.offset < end]
            if not part or not part[-1].pending:
                break
            start = part[-1].offset + 1
        return raws

    async def _all(self, room: str) -> Sequence[Raw]:
        """Read all messages of a room one by one, from a server that can do no better."""
        raws: list[Raw] = []
        subject = self._names.entry_in(room)
        while True:
            start = raws[-1].offset + 1 if raws else 1
            part = await self._link.ask(self._get, request(next_by_subj=subject, seq=start), found)
            if not part:
                return [raw._replace(pending=len(raws) - 1 - place) for place, raw in enumerate(raws)]
            raws += part


def _leader_get(stream: str) -> str:
    return f"$JS.API.STREAM.MSG.GET.{stream}"
