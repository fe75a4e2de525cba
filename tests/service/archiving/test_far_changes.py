"""Old messages are changed, and shown with their changes, however many messages have followed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from service.node import Node
from service.server import running
from service.settings.tuning import DEFAULTS
from tests.archive.postgres_storage import new_database
from tests.contract.postgres_server import shared_postgres
from tests.contract.redis_server import RedisServer
from tests.service.archiving.test_copy_archiving import PATIENCE, World
from tests.service.peer import Event, Peer
from tests.service.serving import quick

KEY: Final = "k" * 32
# More messages follow than the log and the broker keep, and than are read without the archive.
FOLLOWING: Final = 12
TUNING: Final = replace(DEFAULTS, change_window=4, archive_turn=0.02, index_rest=0.01)
SMALL: Final[dict[str, Any]] = {"history_entries": 4, "log_entries": 4, "api_key": KEY}


class Site:
    """A node, and a member of the lobby."""

    def __init__(self, node: Node, port: int, peer: Peer) -> None:
        self.node = node
        self.port = port
        self.peer = peer

    async def send(self, kind: str = "send", **fields: object) -> int:
        """Store something in the lobby, and wait until it is indexed."""
        answer = await self.peer.ask(kind, room="lobby", **fields)
        assert answer["type"] == "sent", answer
        offset: int = answer["offset"]
        await self.indexed(offset)
        return offset

    async def indexed(self, offset: int) -> None:
        assert self.node.archiving is not None
        archive = self.node.archiving.archive
        epoch = (await self.node.broker.heads(["lobby"]))["lobby"].epoch
        async with asyncio.timeout(PATIENCE):
            while (await archive.references.replies("lobby", epoch, 1, limit=1)).through < offset:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.01)

    async def aside(self) -> None:
        """Send so many messages that all earlier ones are far away."""
        sent = [await self.peer.ask("send", room="lobby", text="aside") for _ in range(FOLLOWING)]
        await self.indexed(sent[-1]["offset"])

    async def shown(self, offset: int) -> Event:
        """Read a message, over both protocols."""
        page = await self.peer.ask("history", room="lobby", before=offset + 1, limit=1)
        read = await asyncio.to_thread(self._get, f"before={offset + 1}&limit=1")
        assert read["messages"] == [
            {name: value for name, value in each.items() if name not in ("type", "room")}
            | {"type": each["type"], "room": each["room"]}
            for each in page["messages"]
        ]
        [found] = page["messages"]
        assert found["offset"] == offset
        shown: Event = found
        return shown

    def _get(self, query: str) -> Any:  # noqa: ANN401 - JSON
        address = f"http://127.0.0.1:{self.port}/api/rooms/lobby/messages?{query}"
        with urlopen(Request(address, headers={"Authorization": f"Bearer {KEY}"})) as response:
            return json.load(response)


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Site]:
    chosen = quick(broker="memory", archive_url=f"sqlite:///{folder}/a.sqlite", **SMALL)
    async with running(chosen, tuning=TUNING) as here:
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        await peer.ask("hello")
        yield Site(here.node, here.port, peer)
        peer.disconnect()


@asynccontextmanager
async def redis_and_postgres(_: Path) -> AsyncIterator[Site]:
    server, postgres = RedisServer(), await asyncio.to_thread(shared_postgres)
    try:
        await asyncio.to_thread(server.start)
        async with new_database(postgres) as database:
            world = World("redis", server, postgres, database)
            async with world.node(TUNING, **SMALL) as client:
                yield Site(client.node, client.port, client.peer)
    finally:
        server.remove()


@pytest.fixture(params=[sqlite, redis_and_postgres], ids=["sqlite", "redis"])
async def site(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Site]:
    async with request.param(tmp_path) as opened:
        await opened.peer.ask("join", room="lobby")
        yield opened


async def test_a_message_far_back_is_changed_and_shown_with_its_changes(site: Site) -> None:
    old = await site.send(text="old")
    await site.aside()
    await site.send("edit", target=old, text="new")
    await site.aside()
    await site.send("react", target=old, emoji="🎉")
    reply = await site.send(text="reply", reply_to=old)
    await site.aside()
    found = await site.shown(old)
    assert (found["text"], found["replies"]) == ("new", {"count": 1, "last": reply})
    assert [each["emoji"] for each in found["reactions"]] == ["🎉"]
    await site.send("delete", target=old)
    await site.aside()
    found = await site.shown(old)
    assert (found["text"], "deleted" in found, found["replies"]["count"]) == ("", True, 1)
    refused = await site.peer.ask("edit", room="lobby", target=old, text="again")
    assert (refused["type"], refused["code"]) == ("error", "not_kept")


async def test_a_thread_is_read_at_any_distance(site: Site) -> None:
    root = await site.send(text="root")
    replies = []
    for number in range(3):
        await site.aside()
        replies.append(await site.send(text=f"reply {number}", reply_to=root))
    await site.aside()
    await site.send("edit", target=replies[0], text="changed")
    await site.aside()
    read: list[Event] = []
    before = 2**53 - 1
    while True:
        page = await site.peer.ask("history", room="lobby", thread=root, before=before, limit=2)
        read[:0] = page["messages"]
        if not page["more"]:
            break
        before = page["before"]
    assert [each["offset"] for each in read] == [root, *replies]
    assert [each["text"] for each in read] == ["root", "changed", "reply 1", "reply 2"]
    assert read[0]["replies"] == {"count": 3, "last": replies[-1]}
