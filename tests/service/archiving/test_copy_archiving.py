"""Nodes on Redis or NATS with PostgreSQL: history that lasts, whatever crashes in which order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import permutations
from secrets import token_hex
from typing import Any, Final

import pytest

from archive.base import ArchiveOptions
from archive.postgres import PostgresArchive
from service.archiving.archiving import CannotOpenArchive
from service.archiving.copier import Copier
from service.node import READY, Node
from service.server import running
from service.settings.tuning import DEFAULTS, Tuning
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.nats_server import NatsServer
from tests.contract.postgres_server import PostgresServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import Server
from tests.service.peer import Peer
from tests.service.serving import quick

# Seconds that servers, which are killed and started in a test, may take on a busy machine.
PATIENCE: Final = 30.0
QUICK: Final = replace(
    DEFAULTS, archive_turn=0.02, archive_sweep=0.1, archive_first_wait=0.05, archive_longest_wait=0.2
)
SMALL: Final[dict[str, Any]] = {"history_entries": 20, "log_entries": 20}


def redis() -> Server:
    return RedisServer("--appendonly", "yes", "--appendfsync", "always")


class World:
    """One broker and one PostgreSQL, both of which may be killed."""

    def __init__(self, broker: str, server: Server, postgres: PostgresServer, database: str) -> None:
        self.broker = broker
        self.server = server
        self.postgres = postgres
        self._url = url_of(postgres, database)
        self._prefix = f"test-{token_hex(4)}"
        self.sent: list[str] = []

    @asynccontextmanager
    async def node(
        self,
        tuning: Tuning = QUICK,
        **settings: Any,  # noqa: ANN401 - each setting has its own type
    ) -> AsyncIterator[Client]:
        """Run a node with one client."""
        chosen: dict[str, Any] = {"broker": self.broker, f"{self.broker}_url": self.server.url}
        chosen |= {"prefix": self._prefix, "archive_url": self._url, "archive_timeout": 2.0, **settings}
        async with running(quick(**chosen), tuning=tuning) as here:
            peer = await Peer.connect(here.port)
            await peer.upgrade()
            await peer.ask("hello")
            try:
                yield Client(self, here.node, here.port, peer)
            finally:
                peer.disconnect()

    async def archived(self) -> list[int]:
        """Read the offsets that the archive has."""
        archive = PostgresArchive(ArchiveOptions(url=self._url))
        await archive.start()
        try:
            head = (await archive.heads(["lobby"])).get("lobby")
            if head is None:
                return []
            page = await archive.page("lobby", head.epoch, after=0, limit=10_000)
            return [entry.offset for entry in page.entries]
        finally:
            await archive.close()

    async def until_archived(self, count: int) -> None:
        """Wait until so many messages are in the archive."""
        async with asyncio.timeout(PATIENCE):
            while len(await self.archived()) < count:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.02)


class Client:
    """A connection that said hello, and its node."""

    def __init__(self, world: World, node: Node, port: int, peer: Peer) -> None:
        self._world = world
        self.node = node
        self.port = port
        self.peer = peer

    async def join(self, **more: object) -> dict[str, Any]:
        return await self.peer.ask("join", room="lobby", **more)

    async def send(self, count: int) -> dict[str, Any]:
        """Send messages, again until they are stored; return the last answer."""
        answer: dict[str, Any] = {}
        for _ in range(count):
            text = str(len(self._world.sent) + 1)
            async with asyncio.timeout(PATIENCE):
                while answer.get("type") != "sent" or answer["text"] != text:
                    answer = await self.peer.ask("send", room="lobby", text=text, key=text) | {"text": text}
            self._world.sent.append(text)
        return answer

    async def send_slowly(self, count: int) -> dict[str, Any]:
        """Send messages, few enough at a time that the broker trims none before it is copied."""
        answer: dict[str, Any] = {}
        for _ in range(count // 10):
            answer = await self.send(10)
            await self._world.until_archived(len(self._world.sent))
        return answer

    async def everything(self) -> list[str]:
        """Page back to the first message."""
        texts: list[str] = []
        before = 2**53 - 1
        while True:
            page = await self.peer.ask("history", room="lobby", before=before, limit=30)
            assert page["type"] == "page", page
            texts[:0] = [message["text"] for message in page["messages"]]
            if not page["more"]:
                return texts
            before = page["messages"][0]["offset"]


BROKERS: Final[dict[str, Callable[[], Server]]] = {"redis": redis, "nats": NatsServer}


@pytest.fixture(params=BROKERS.items(), ids=list(BROKERS))
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    name, make = request.param
    server, postgres = make(), PostgresServer()
    try:
        await asyncio.gather(asyncio.to_thread(server.start), asyncio.to_thread(postgres.start))
        async with new_database(postgres) as database:
            yield World(name, server, postgres, database)
    finally:
        server.remove()
        postgres.remove()


async def test_recovery_and_history_go_on_in_the_archive(world: World) -> None:
    async with world.node(**SMALL) as here:
        await here.join()
        first = await here.send_slowly(100)
        assert await here.node.readiness() == READY
    async with world.node(**SMALL) as here:
        joined = await here.join(since={"epoch": first["epoch"], "offset": 3}, limit=50)
        assert joined["recovered"]
        assert [message["text"] for message in joined["messages"]] == world.sent[3:53]
        live = [(await here.peer.event("message"))["text"] for _ in range(47)]
        assert live == world.sent[53:]
        assert await here.everything() == world.sent
        assert here.node.metrics.archive_gaps == 0


async def test_the_archive_is_away_and_chat_goes_on(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with world.node(**SMALL) as here:
        await here.join()
        await here.send_slowly(50)
        world.postgres.kill()
        await here.send(10)
        page = await here.peer.ask("history", room="lobby", before=61, limit=30)
        assert (page["more"], page["messages"][-1]["text"]) == (True, "60")
        older = await here.peer.ask("history", room="lobby", before=page["messages"][0]["offset"], limit=30)
        assert (older["type"], older["code"]) == ("error", "unavailable")
        assert "archive" in older["message"]
        assert await here.node.readiness() == READY
        assert "hubbub_archive_up 0.0" in here.node.metrics.exposition().decode()
        async with world.node(**SMALL) as other:
            # It starts without the archive.
            assert (await other.join(limit=5))["messages"][-1]["text"] == "60"
            await asyncio.to_thread(world.postgres.start)
            await world.until_archived(60)
            assert await other.everything() == await here.everything() == world.sent
    assert "archive_unavailable" in caplog.text


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("order", list(permutations(["node", "postgres", "broker"])), ids="-".join)
async def test_crashes_in_any_order_end_complete(world: World, order: tuple[str, ...]) -> None:
    for crash in order:
        if crash == "node":
            with never_copying():
                async with world.node() as here:
                    await here.join()
                    await here.send(7)
        else:
            async with world.node() as here:
                await here.join()
                await here.send(5)
                server = world.postgres if crash == "postgres" else world.server
                server.kill()
                if crash == "postgres":
                    await here.send(5)
                await asyncio.to_thread(server.start)
                await here.send(5)
    async with world.node() as here:
        await here.join()
        await world.until_archived(len(world.sent))
        assert await here.everything() == world.sent
        assert here.node.metrics.archive_gaps == 0


async def test_what_was_trimmed_before_it_was_copied_is_a_gap_that_clients_see(world: World) -> None:
    async with world.node(**SMALL) as here:
        await here.join()
        await here.send(10)
        await world.until_archived(10)
    with never_copying():
        async with world.node(replace(QUICK, archive_hold_seconds=0.01), **SMALL) as here:
            await here.join()
            last = await here.send(40)
    async with world.node(**SMALL) as here:
        await here.join()
        await world.until_archived(30)
        assert await here.everything() == [*world.sent[:10], *world.sent[30:]]
        assert here.node.metrics.archive_gaps == 1
        joined = await here.join(since={"epoch": last["epoch"], "offset": 5}, limit=50)
        assert joined["recovered"]
        assert [message["text"] for message in joined["messages"]] == world.sent[5:10]
        assert (await here.peer.event("reset"))["offset"] == last["offset"] - 20


async def test_a_flood_is_stored_at_the_pace_of_the_archive(world: World) -> None:
    # On a busy machine a batch may take longer than a message waits otherwise.
    async with world.node(replace(QUICK, archive_hold_seconds=PATIENCE), **SMALL) as here:
        await here.join()
        texts = [str(number) for number in range(100)]
        for text in texts:
            await here.peer.command("send", room="lobby", text=text, key=text)
        for _ in texts:
            await here.peer.event("sent")
        await world.until_archived(len(texts))
        assert await here.everything() == texts
        assert here.node.metrics.archive_gaps == 0
        assert here.node.metrics.archive_publishes_held > 0


async def test_the_directory_has_the_rooms_of_all_nodes_and_of_the_archive(world: World) -> None:
    async with world.node() as here, world.node() as other:
        await here.join()
        await here.send(3)
        await world.until_archived(3)
        await here.peer.ask("leave", room="lobby")
        await here.peer.ask("join", room="attic")
        joined = await here.peer.ask("join", room="kitchen")
        stored = await here.peer.ask("send", room="kitchen", text="hello")
        assert joined["type"], stored["type"] == ("joined", "sent")
        async with asyncio.timeout(PATIENCE):
            while True:
                page = await other.peer.ask("directory")
                # `leave` takes effect after the room has lingered.
                if [room["members"] for room in page["rooms"]] == [1, 1, 0]:
                    break
        attic, kitchen, lobby = page["rooms"]
        assert (attic["room"], kitchen["room"], lobby["room"]) == ("attic", "kitchen", "lobby")
        assert "offset" not in attic
        assert kitchen["offset"] == stored["offset"]
        assert lobby["offset"] == 3
        assert min(kitchen["at"], lobby["at"]) > 0
        assert (page["complete"], page["more"]) == (True, False)


async def test_an_archive_that_is_set_up_wrongly_is_one_clear_sentence(world: World) -> None:
    with pytest.raises(CannotOpenArchive, match=r"database .* does not exist.*Check ARCHIVE_URL"):
        async with world.node(archive_url=world.postgres.url_of("missing")):
            pass


@contextmanager
def never_copying() -> Iterator[None]:
    """Let nodes publish, and crash before they copy anything."""

    async def nothing(_: Copier) -> None:
        """Do nothing."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Copier, "turn", nothing)
        yield
