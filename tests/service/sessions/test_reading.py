"""Read marks over a restart, a long way back, and without the archive; `marks.json` shows the rules."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

from archive.errors import ArchiveUnavailable
from archive.sqlite import SqliteArchive
from service.archiving.marks import MOST_UNREAD
from service.server import Running, running
from tests.service.peer import Peer
from tests.service.serving import quick, until

SECRET = "a secret of at least 32 bytes, for tests"


def token(user: str) -> str:
    return jwt.encode({"sub": user, "exp": int(time.time()) + 600}, SECRET, algorithm="HS256")


@asynccontextmanager
async def node(folder: Path, **settings: Any) -> AsyncIterator[Running]:  # noqa: ANN401 - as for `quick`
    chosen = {"auth": "both", "token_key": SECRET, "archive_url": "sqlite:///a.sqlite", **settings}
    async with running(quick(data=str(folder), **chosen)) as here:
        yield here


@asynccontextmanager
async def connected(here: Running, user: str) -> AsyncIterator[Peer]:
    peer = await Peer.connect(here.port)
    await peer.upgrade()
    assert (await peer.ask("hello", token=token(user)))["type"] == "welcome"
    try:
        yield peer
    finally:
        peer.disconnect()


async def send(peer: Peer, count: int, room: str = "lobby") -> int:
    offset = 0
    for _ in range(count):
        offset = (await peer.ask("send", room=room, text="hello"))["offset"]
    return offset


async def test_a_mark_outlives_a_restart(tmp_path: Path) -> None:
    async with node(tmp_path) as here, connected(here, "ann") as ann, connected(here, "bob") as bob:
        await ann.ask("join", room="lobby")
        await bob.ask("join", room="lobby")
        await send(bob, 5)
        assert (await ann.ask("read", room="lobby", offset=3))["unread"] == 2
    async with node(tmp_path) as here, connected(here, "ann") as ann:
        mark = (await ann.ask("join", room="lobby"))["mark"]
        assert (mark["offset"], mark["unread"]) == (3, 2)
        [room] = (await ann.ask("rooms"))["rooms"]
        assert (room["room"], room["offset"], room["unread"]) == ("lobby", 3, 2)


async def test_what_is_behind_the_log_of_the_room_is_counted_in_the_archive(tmp_path: Path) -> None:
    async with (
        node(tmp_path, log_entries=10) as here,
        connected(here, "ann") as ann,
        connected(here, "bob") as bob,
    ):
        await ann.ask("join", room="lobby")
        await bob.ask("join", room="lobby")
        await send(bob, 30)
        assert here.node.archiving is not None
        while await here.node.archiving.indexer.turn():
            pass
        await send(ann, 1)
        await send(bob, 4)
        assert (await ann.ask("read", room="lobby", offset=5))["unread"] == 29
        assert (await ann.ask("join", room="lobby"))["mark"]["unread"] == 29
        await send(bob, MOST_UNREAD)
        while await here.node.archiving.indexer.turn():
            pass
        assert (await ann.ask("read", room="lobby", offset=6))["unread"] == MOST_UNREAD
        [room] = (await ann.ask("rooms"))["rooms"]
        assert room["unread"] == MOST_UNREAD


async def test_connections_of_the_user_are_forgotten_when_they_end(tmp_path: Path) -> None:
    async with node(tmp_path) as here:
        async with connected(here, "ann"):
            assert len(here.node.rooms.marks) == 1
        await until(lambda: not len(here.node.rooms.marks))


async def test_a_listener_makes_no_mark(tmp_path: Path) -> None:
    async with node(tmp_path) as here, connected(here, "bob") as bob:
        await bob.ask("join", room="lobby")
        last = await send(bob, 3)
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        await peer.ask("hello", token=token("ann"), listener=True)
        mark = (await peer.ask("join", room="lobby"))["mark"]
        assert (mark["offset"], mark["unread"]) == (last, 0)
        assert (await peer.ask("rooms"))["rooms"] == []
        await peer.ask("read", room="lobby", offset=1)
        assert [(room["offset"], room["unread"]) for room in (await peer.ask("rooms"))["rooms"]] == [(1, 2)]
        peer.disconnect()


async def test_without_the_archive_users_join_without_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ArchiveUnavailable("the archive is away")

    async with node(tmp_path) as here, connected(here, "ann") as ann:
        monkeypatch.setattr(SqliteArchive, "marks_in", away)
        monkeypatch.setattr(SqliteArchive, "marks", away)
        assert "mark" not in await ann.ask("join", room="lobby")
        read = await ann.ask("read", room="lobby", offset=0)
        assert (read["code"], read["retry"], read["retry_after"]) == ("unavailable", True, 2000)
        assert (await ann.ask("rooms"))["code"] == "unavailable"
