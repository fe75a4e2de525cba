"""Two nodes on a real broker: chat crosses, and when the broker dies nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from hubbub_client import Client, Gap, Message, Receipt, Room
from tests.contract.nats_server import NatsServer
from tests.contract.redis_server import RedisServer
from tests.contract.server import Server, running
from tests.hubbub_cli.server import serving

EACH = 60
NAMES = ("ann", "bob")


@pytest.fixture(params=["redis", "nats"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backbone(name: str) -> Iterator[Server]:
    on_disk = ("--appendonly", "yes", "--appendfsync", "always")
    with running(RedisServer(*on_disk) if name == "redis" else NatsServer()) as server:
        yield server


@pytest.fixture
def urls(name: str, backbone: Server) -> Iterator[list[str]]:
    """Start two nodes."""
    settings = {"BROKER": name, f"{name.upper()}_URL": backbone.url, "HUBBUB_BROKER_TIMEOUT": "2"}
    with ExitStack() as nodes:
        yield [nodes.enter_context(serving(**settings)).url for _ in NAMES]


class Person:
    """One client, what it saw, and the receipts of what it said."""

    def __init__(self, name: str, room: Room) -> None:
        self.name = name
        self.room = room
        self.seen: list[Message] = []
        self.receipts: dict[str, Receipt] = {}
        self.heard_enough = asyncio.Event()

    async def talk(self) -> None:
        """Say numbered things, each when the one before it is stored."""
        for number in range(EACH):
            text = f"{self.name} {number}"
            self.receipts[text] = await self.room.send(text, within=60)

    async def read(self) -> None:
        """Note messages until all of them are there."""
        async for event in self.room:
            assert not isinstance(event, Gap), "nothing was trimmed"
            if isinstance(event, Message):
                self.seen.append(event)
            if len(self.seen) >= EACH // 2:
                self.heard_enough.set()
            if len(self.seen) == EACH * len(NAMES):
                return


async def become(urls: list[str], status: int) -> None:
    """Ask each node whether it is ready, until it answers so."""
    for url in urls:
        async with httpx.AsyncClient(base_url=url.replace("ws://", "http://"), timeout=10) as http:
            while (await http.get("/health/ready")).status_code != status:
                pass


@pytest.mark.timeout(120)
async def test_messages_cross_nodes_and_a_killed_broker_loses_nothing_acknowledged(
    urls: list[str], backbone: Server
) -> None:
    async with Client(urls[0], name="ann") as ann, Client(urls[1], name="bob") as bob:
        people = [Person("ann", await ann.join("lobby")), Person("bob", await bob.join("lobby"))]
        async with asyncio.timeout(90), asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(person.read())
                group.create_task(person.talk())
            for person in people:
                await person.heard_enough.wait()
            backbone.kill()
            await become(urls, 503)
            await asyncio.to_thread(backbone.start)
            await become(urls, 200)
    said = {f"{name} {number}" for name in NAMES for number in range(EACH)}
    orders = [[(message.position, message.text) for message in person.seen] for person in people]
    assert orders[0] == orders[1]
    assert {text for _, text in orders[0]} == said
    stored = {text: receipt.position for person in people for text, receipt in person.receipts.items()}
    assert stored == {text: position for position, text in orders[0]}
    assert len({position.epoch for position, _ in orders[0]}) == 1
