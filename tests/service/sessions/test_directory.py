"""The directory of one node with an archive; the dialogues in `directory.json` show the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import ArchiveUnavailable
from service.archiving.stored_rooms import StoredRooms
from service.identity.identity import ALL_ROOMS, Identity, RoomSet
from service.moderation.actions import ModerationAction
from service.node import Node
from service.server import running
from service.sessions.directory import RoomsPage, find
from service.sessions.send import message_of, publish
from tests.service.serving import quick


def reader(reads: RoomSet = ALL_ROOMS) -> Identity:
    return Identity("ann", "ann", "verified", "u:ann", reads)


async def store(node: Node, *rooms: str) -> None:
    for room in rooms:
        await publish(node, reader(), room, message_of(reader(), "hello", None))


def names(page: RoomsPage) -> list[str]:
    return [room.room for room in page.rooms]


async def test_open_rooms_and_archived_ones_are_one_list_in_pages(tmp_path: Path) -> None:
    async with running(quick(archive_url="sqlite:///a.sqlite", data=str(tmp_path))) as here:
        node = here.node
        await store(node, "a", "c", "e")
        async with node.rooms.open("b"), node.rooms.open("d"), node.rooms.open("e"):
            for most in (1, 2, 3, 5, 10):
                read: list[str] = []
                after: str | None = ""
                while after is not None:
                    page = await find(node, reader(), "", after, most)
                    assert page.complete
                    read, after = [*read, *names(page)], page.after
                assert read == ["a", "b", "c", "d", "e"]
            assert names(await find(node, reader(), "c", "", 10)) == ["c"]
            assert names(await find(node, reader(RoomSet(frozenset("bce"))), "", "", 10)) == ["b", "c", "e"]
            empty, full = (await find(node, reader(), "d", "", 2)).rooms + (
                await find(node, reader(), "e", "", 2)
            ).rooms
            assert (empty.epoch, empty.offset, empty.at) == (None, None, None)
            assert (full.offset, full.at is not None) == (1, True)


async def test_the_rooms_of_the_server_are_not_listed(tmp_path: Path) -> None:
    async with running(quick(archive_url="sqlite:///a.sqlite", data=str(tmp_path))) as here:
        await here.node.moderation.act(ModerationAction(action="close", target="den", reason="x", at=1))
        await store(here.node, "lobby")
        assert names(await find(here.node, reader(), "", "", 10)) == ["lobby"]
        assert names(await find(here.node, reader(), "\x01", "", 10)) == []
        own = RoomSet(frozenset({"\x01moderation"}))
        assert names(await find(here.node, reader(own), "", "", 10)) == []


async def test_while_the_archive_is_away_the_list_is_not_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise ArchiveUnavailable("the archive is away")

    async with running(quick(archive_url="sqlite:///a.sqlite", data=str(tmp_path))) as here:
        await store(here.node, "a")
        async with here.node.rooms.open("b"):
            monkeypatch.setattr(StoredRooms, "page", away)
            page = await find(here.node, reader(), "", "", 10)
            assert (names(page), page.after, page.complete) == (["b"], None, False)
