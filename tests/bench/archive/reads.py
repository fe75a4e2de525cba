"""What an archive of many messages answers: a page of 50, a search, and how much it takes on the disk."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import quantiles
from time import perf_counter
from typing import Final, NamedTuple

import httpx

from archive.base import Archive, ArchivedEntry, ArchiveOptions
from archive.query import parse
from archive.registry import make_archive
from brokers.base import Entry
from service.archiving.entries import archived
from service.archiving.indexer import read_part
from service.wire.messages import MessagePayload, encode_stored
from tests.bench.archive.copies import copy_rooms
from tests.bench.node import serving
from tests.contract.postgres_server import PostgresServer
from tests.contract.server import running

SAYS: Final = (
    "messages of about 100 characters, of 2,000 words, in rooms of 10,000. The page of 50 is at a random "
    "place. The search is for a word of every 20th message, and for two words: 20 hits, in all rooms. "
    "500,000 messages are appended; the others are copies of these, made inside the database"
)
ROOMS: Final = 10_000
_ROOM: Final = 10_000
_BATCH: Final = 500
# Messages that are appended at most. More are copies of them.
_APPENDED: Final = 500_000
_PAGES: Final = 200
_SEARCHES: Final = 50
_AT: Final = 1_700_000_000_000
_MILLI: Final = 1e3


class Place(NamedTuple):
    """Where an archive is: its URL, and the folder of its files."""

    url: str
    folder: Path


def run(messages: int) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Measure both archives."""
    for name, place in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        with place() as where:
            yield name, asyncio.run(measure(where, messages))


@contextmanager
def _sqlite() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        yield Place(f"sqlite:///{folder}/a.sqlite", Path(folder))


@contextmanager
def _postgres() -> Iterator[Place]:
    with running(PostgresServer()) as server:
        yield Place(server.url, server.data / "base")


async def measure(where: Place, messages: int) -> Mapping[str, float]:
    """Fill an archive, and read from it."""
    async with opened(where):
        before = _size(where.folder)
    rate = await fill(where, messages)
    taken = (_size(where.folder) - before) / messages
    async with opened(where) as archive:
        draw = random.Random(1)  # noqa: S311  the same places in each round
        rooms = max(1, messages // _ROOM)

        def page() -> Awaitable[object]:
            before = draw.randint(2, min(messages, _ROOM))
            return archive.page(f"room {draw.randrange(rooms)}", "e", before=before, limit=50)

        return {
            "fill and index, messages/s": rate,
            "bytes/message": taken,
            **await _timed("page", _PAGES, page),
            **await _timed("search", _SEARCHES, lambda: archive.search(parse("usual"), limit=20)),
            **await _timed("two words", _SEARCHES, lambda: archive.search(parse("usual w7"), limit=20)),
        }


@asynccontextmanager
async def opened(where: Place) -> AsyncIterator[Archive]:
    """Open the archive."""
    archive = make_archive(ArchiveOptions(url=where.url, timeout=60))
    await archive.start()
    try:
        yield archive
    finally:
        await archive.close()


async def fill(where: Place, messages: int, *, appended: int = _APPENDED) -> float:
    """Append some messages, and copy them until there are so many; return how many a second were appended."""
    appended = min(messages, appended)
    started = perf_counter()
    async with opened(where) as archive:
        await _append(archive, appended)
    rate = appended / (perf_counter() - started)
    times = messages // appended - 1
    print(f"archive: {times} copies of {appended} messages", file=sys.stderr)
    await copy_rooms(where.url, rooms=-(-appended // _ROOM), messages=appended, times=times)
    return rate


async def _timed(name: str, count: int, work: Callable[[], Awaitable[object]]) -> Mapping[str, float]:
    taken = []
    for _ in range(count):
        started = perf_counter()
        await work()
        taken.append(perf_counter() - started)
    cuts = quantiles(taken, n=100)
    return {f"{name} p50 ms": _MILLI * cuts[49], f"{name} p99 ms": _MILLI * cuts[98]}


async def _append(archive: Archive, messages: int) -> None:
    draw = random.Random(2)  # noqa: S311  the same messages in each round
    for number in range(0, messages, _ROOM):
        room, count = f"room {number // _ROOM}", min(_ROOM, messages - number)
        print(f"archive: {number} of {messages} messages", file=sys.stderr)
        for start in range(1, count + 1, _BATCH):
            through = min(start + _BATCH - 1, count)
            batch = [_message(draw, room, offset, number + offset) for offset in range(start, through + 1)]
            await archive.append(batch)
            part = read_part(batch)
            await archive.index(
                room, "e", since=start - 1, through=through, changes=part.changes, references=part.references
            )


def _message(draw: random.Random, room: str, offset: int, number: int) -> ArchivedEntry:
    words = [f"w{int(2_000 * draw.random() ** 2)}" for _ in range(20)]
    if not number % 20:
        words[3] = "usual"
    payload = MessagePayload(
        f"key-{number}", "Ann", "g:0123456789abcdef", "guest", " ".join(words), _AT + number
    )
    return archived(Entry(room, "e", offset - 1, offset, encode_stored(payload)), payload.key, payload.at)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def ready() -> Iterator[tuple[str, Mapping[str, float]]]:
    """Measure the start of a node on an archive with many rooms, until it is ready."""
    with _sqlite() as where:
        asyncio.run(_begin_rooms(where))
        started = perf_counter()
        with serving(BROKER="memory", ARCHIVE_URL=where.url) as node:
            while httpx.get(f"http://127.0.0.1:{node.port}/health/ready").status_code != httpx.codes.OK:
                pass
            yield f"SQLite, {ROOMS:,} rooms", {"ready after s": perf_counter() - started}


async def _begin_rooms(where: Place) -> None:
    archive = make_archive(ArchiveOptions(url=where.url, timeout=60))
    await archive.start()
    draw = random.Random(3)  # noqa: S311  as above
    for start in range(0, ROOMS, _BATCH):
        await archive.append(
            [_message(draw, f"room {number}", 1, number) for number in range(start, start + _BATCH)]
        )
    await archive.close()
