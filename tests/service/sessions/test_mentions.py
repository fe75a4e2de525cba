"""Mentions on a real node; `sending.json` and `marks.json` show the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archive.errors import ArchiveUnavailable
from archive.sqlite import SqliteArchive
from service.sessions.mentions import MAX_MENTIONS
from tests.service.peer import Peer
from tests.service.sessions.test_reading import connected, node


async def mentioned(peer: Peer, text: str, room: str = "lobby") -> Any:  # noqa: ANN401  JSON
    """Send a text, and return the mentions that are stored with it."""
    sent = await peer.ask("send", room=room, text=text)
    page = await peer.ask("history", room=room, before=sent["offset"] + 1, limit=1)
    return page["messages"][0].get("mentions")


async def test_users_who_have_joined_the_room_are_mentioned_while_they_are_away(tmp_path: Path) -> None:
    async with node(tmp_path) as here, connected(here, "bob") as bob:
        await bob.ask("join", room="lobby")
        assert await mentioned(bob, "@ann") is None, "ann has not been here"
        async with connected(here, "ann") as ann, connected(here, "cem") as cem:
            await ann.ask("join", room="lobby")
            await cem.ask("join", room="other")
        assert here.node.archiving is not None
        await here.node.archiving.marks.store()
        assert await mentioned(bob, "@Ann and @cem") == ["ann"]
        assert here.node.metrics.mentions == 1
        sent = await bob.ask("send", room="lobby", text="hello")
        await bob.ask("edit", room="lobby", target=sent["offset"], text="hello @ann")
        page = await bob.ask("history", room="lobby", before=sent["offset"] + 1, limit=1)
        assert page["messages"][0]["mentions"] == ["ann"]


async def test_messages_keep_their_order_while_one_waits_for_the_archive(tmp_path: Path) -> None:
    async with node(tmp_path) as here, connected(here, "bob") as bob:
        await bob.ask("join", room="lobby")
        texts = ["@a", "one", "@b", "two", "three"]
        for text in texts:
            await bob.command("send", room="lobby", text=text)
        assert [(await bob.event("sent"))["offset"] for _ in texts] == [1, 2, 3, 4, 5]
        page = await bob.ask("history", room="lobby", before=99)
        assert [message["text"] for message in page["messages"]] == texts


async def test_without_the_archive_a_name_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise ArchiveUnavailable("the archive is away")

    async with node(tmp_path) as here, connected(here, "bob") as bob:
        await bob.ask("join", room="lobby")
        monkeypatch.setattr(SqliteArchive, "named", away)
        assert await mentioned(bob, "@ann") is None


async def test_so_many_mentions_are_looked_up(tmp_path: Path) -> None:
    async with node(tmp_path) as here, connected(here, "ann") as ann, connected(here, "bob") as bob:
        await ann.ask("join", room="lobby")
        await bob.ask("join", room="lobby")
        many = "@x " * (MAX_MENTIONS - 1)
        assert await mentioned(bob, f"{many} @ann") == ["ann"]
        assert await mentioned(bob, f"{many} @x @ann") is None
