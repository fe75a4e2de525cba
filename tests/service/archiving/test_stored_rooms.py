"""The names of the rooms in an archive, for a reader who may know of some of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from archive.base import Archive, ArchiveOptions
from archive.sqlite import SqliteArchive
from archive.testing.samples import chain
from service.archiving.stored_rooms import StoredPage, StoredRooms
from service.identity.identity import RoomSet

NAMES = st.text("ab", min_size=1, max_size=4)


async def opened(folder: Path, rooms: set[str]) -> SqliteArchive:
    archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{folder}/a.sqlite"))
    await archive.start()
    for room in rooms:
        await archive.append(chain(room, b"one"))
    return archive


async def read_all(rooms: StoredRooms, readable: RoomSet, most: int) -> list[str]:
    """Read page by page."""
    found: list[str] = []
    after = ""
    while True:
        page = await rooms.page(readable.names, readable.prefixes, after, most)
        assert len(page.rooms) <= most
        found += page.rooms
        if page.end is None:
            return found
        assert page.end > after
        after = page.end


def with_archive(rooms: set[str], test: Callable[[Archive], Awaitable[None]]) -> None:
    async def run() -> None:
        with TemporaryDirectory() as folder:
            archive = await opened(Path(folder), rooms)
            try:
                await test(archive)
            finally:
                await archive.close()

    asyncio.run(run())


@hypothesis_settings(deadline=None, max_examples=25)
@given(
    st.sets(NAMES, max_size=12),
    st.builds(RoomSet, st.frozensets(NAMES, max_size=4), st.lists(st.text("ab", max_size=3)).map(tuple)),
    st.integers(1, 4),
)
def test_pages_hold_each_readable_room_once_in_order(rooms: set[str], readable: RoomSet, most: int) -> None:
    async def test(archive: Archive) -> None:
        expected = sorted(room for room in rooms if room in readable)
        assert await read_all(StoredRooms(archive), readable, most) == expected

    with_archive(rooms, test)


async def test_a_page_makes_a_bounded_number_of_reads(tmp_path: Path) -> None:
    archive = await opened(tmp_path, {"b1", "c1", "d1", "e1", "x"})
    rooms = StoredRooms(archive, most_reads=2, most_names=3)
    first = await rooms.page((), ("a", "b", "c", "d", "e"), "", 10)
    # `end` is in what the reader may know of.
    assert first == StoredPage(["b1"], "b\U0010ffff")
    assert await read_all(rooms, RoomSet(prefixes=("a", "b", "c", "d", "e")), 10) == ["b1", "c1", "d1", "e1"]
    assert await rooms.page(("u", "v", "w", "x"), (), "", 10) == StoredPage([], "w")
    assert await read_all(rooms, RoomSet(frozenset("uvwx")), 10) == ["x"]
    await archive.close()
