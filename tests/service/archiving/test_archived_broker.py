"""A history that continues in the archive: every page is a run of the chain, and every gap is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import NamedTuple, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.base import Archive, ArchivedEntry, ArchiveHead, ArchivePage
from archive.errors import ArchiveUnavailable
from brokers.base import Broker, BrokerOptions, Entry, Page, Position
from service.archiving.archived_broker import ArchivedBroker

T = TypeVar("T")


class Link(NamedTuple):
    prev: int
    offset: int


class World(NamedTuple):
    """A room: its chain, where the broker's part begins, and what the archive has."""

    chain: list[Link]
    kept_from: int
    archived: list[Link]

    @property
    def known(self) -> list[Link]:
        """What can be read somewhere, in order."""
        of_chain = set(self.chain)
        return sorted({*self.chain[self.kept_from :], *(link for link in self.archived if link in of_chain)})


@st.composite
def worlds(draw: st.DrawFn) -> World:
    chain: list[Link] = []
    at = draw(st.sampled_from([0, 0, 7]))
    for _ in range(draw(st.integers(0, 12))):
        chain.append(Link(at, at + draw(st.integers(1, 3))))
        at = chain[-1].offset
    # A failover: the broker lost these, which had been copied.
    lost = [Link(at + number, at + number + 1) for number in range(draw(st.integers(0, 3)))]
    kept_from = draw(st.integers(0, len(chain)))
    copied = [link for link in chain if draw(st.sampled_from([True, True, True, False]))]
    return World(chain, kept_from, [*copied, *lost])


class Tail:
    """What a broker keeps of a room."""

    options = BrokerOptions()

    def __init__(self, world: World) -> None:
        self._links = world.chain[world.kept_from :]
        ends = [world.chain[0].prev if world.chain else 0, *(link.offset for link in world.chain)]
        self._base = ends[world.kept_from]
        self._head = Position("e", world.chain[-1].offset if world.chain else 0)

    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        if after is not None:
            found = [link for link in self._links if link.offset > after]
            page = found[:limit]
            trimmed = after < self._base
        else:
            found = [link for link in self._links if before is None or link.offset < before]
            page, trimmed = found[-limit:], False
        entries = tuple(Entry(room, "e", *link, b"") for link in page)
        return Page(entries, self._head, trimmed, len(found) > limit)


class Store:
    """An archive of a room."""

    def __init__(self, world: World) -> None:
        self._links = world.archived
        self.is_away = False

    async def page(
        self, room: str, epoch: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> ArchivePage:
        if self.is_away:
            raise ArchiveUnavailable("away")
        if after is not None:
            found = [link for link in self._links if link.offset > after]
            page, older, newer = found[:limit], True, len(found) > limit
        else:
            found = [link for link in self._links if before is None or link.offset < before]
            page, older, newer = found[-limit:], len(found) > limit, True
        entries = tuple(ArchivedEntry(room, epoch, *link, 0, "", b"") for link in page)
        return ArchivePage(entries, ArchiveHead("e", 0, 0), older, newer)


def make(world: World, store: Store | None = None) -> ArchivedBroker:
    archive = cast(Archive, store or Store(world))
    return ArchivedBroker(cast(Broker, Tail(world)), archive, lambda *_: None)


def run(work: Awaitable[T]) -> T:
    async def main() -> T:
        return await work

    return asyncio.run(main())


def is_run(entries: Sequence[Entry]) -> bool:
    return all(
        entry.prev <= entries[index].offset and entry.offset > entries[index].offset
        for index, entry in enumerate(entries[1:])
    )


def links(entries: Sequence[Entry]) -> list[Link]:
    return [Link(entry.prev, entry.offset) for entry in entries]


@given(worlds(), st.integers(1, 5), st.integers(0, 40))
def test_reading_forward_returns_all_that_is_known_and_reports_each_gap(
    world: World, limit: int, start: int
) -> None:
    async def read() -> None:
        broker, at, read = make(world), start, list[Link]()
        while True:
            page = await broker.history("room", after=at, limit=limit)
            assert len(page.entries) <= limit
            assert is_run(page.entries)
            if page.entries:
                # A jump in the chain is a gap, and nothing else is.
                assert page.trimmed is (page.entries[0].prev > at)
                at = page.entries[-1].offset
            read += links(page.entries)
            if not (page.more and page.entries):
                break
        assert read == [link for link in world.known if link.offset > start]

    run(read())


@given(worlds(), st.integers(1, 5), st.none() | st.integers(1, 40))
def test_reading_backward_returns_all_that_is_known(world: World, limit: int, start: int | None) -> None:
    async def read() -> None:
        broker, before, read = make(world), start, list[Link]()
        while True:
            page = await broker.history("room", before=before, limit=limit)
            assert len(page.entries) <= limit
            assert is_run(page.entries)
            read[:0] = links(page.entries)
            if not page.more:
                break
            assert page.entries, "more is promised"
            before = page.entries[0].offset
        assert read == [link for link in world.known if start is None or link.offset < start]

    run(read())


@given(worlds(), st.integers(1, 5), st.integers(0, 40))
def test_while_the_archive_is_away_the_broker_s_part_is_returned(
    world: World, limit: int, start: int
) -> None:
    async def read() -> None:
        store = Store(world)
        store.is_away = True
        broker, tail = make(world, store), Tail(world)
        assert await broker.history("room", after=start, limit=limit) == await tail.history(
            "room", after=start, limit=limit
        )
        page = await broker.history("room", limit=limit)
        kept = world.chain[world.kept_from :]
        assert links(page.entries) == kept[-limit:]
        # There may be older ones, which can't be read now.
        may_be_more = kept[-limit:][0].prev > 0 if kept else bool(world.chain)
        assert page.more is may_be_more

    run(read())


@pytest.mark.parametrize("call", ["publish", "subscribe"])
async def test_a_room_is_marked_before_the_broker_is_called(call: str) -> None:
    order: list[str] = []

    class Inner:
        options = BrokerOptions()

        def publish(self, room: str, payload: bytes, *, key: str) -> asyncio.Future[str]:
            order.append(f"publish {room} {payload!r} {key}")
            done: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            done.set_result("receipt")
            return done

        async def subscribe(self, room: str) -> str:
            order.append(f"subscribe {room}")
            return "position"

    broker = ArchivedBroker(cast(Broker, Inner()), cast(Archive, None), lambda room, _: order.append(room))
    if call == "publish":
        assert await broker.publish("room", b"x", key="k") == "receipt"  # type: ignore[comparison-overlap]
        assert order == ["room", "publish room b'x' k"]
    else:
        assert await broker.subscribe("room") == "position"  # type: ignore[comparison-overlap]
        assert order == ["room", "subscribe room"]
