"""Two nodes on a real broker: messages cross, and when the broker dies nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from hubbub_client import Client, Gap, Message, Room, SendReceipt
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


class User:
    """One client, the messages that it received, and the receipts of those it sent."""

    def __init__(self, name: str, room: Room) -> None:
        self.name = name
        self.room = room
        self.received: list[Message] = []
        self.receipts: dict[str, SendReceipt] = {}
        self.received_half = asyncio.Event()

    async def send_all(self) -> None:
        """Send numbered messages, each after the acknowledgement of the one before."""
        for number in range(EACH):
            text = f"{self.name} {number}"
            self.receipts[text] = await self.room.send(text, within=60)

    async def read(self) -> None:
        """Record messages until all have been received."""
        async for event in self.room:
            assert not isinstance(event, Gap), "nothing was trimmed"
            if isinstance(event, Message):
                self.received.append(event)
            if len(self.received) >= EACH // 2:
                self.received_half.set()
            if len(self.received) == EACH * len(NAMES):
                return


async def until_readiness(urls: list[str], status: int) -> None:
    """Poll the readiness of each node until it has a status."""
    for url in urls:
        async with httpx.AsyncClient(base_url=url.replace("ws://", "http://"), timeout=10) as http:
            while (await http.get("/health/ready")).status_code != status:
                pass


@pytest.mark.timeout(120)
async def test_messages_cross_nodes_and_a_killed_broker_loses_nothing_acknowledged(
    urls: list[str], backbone: Server
) -> None:
    async with Client(urls[0], name="ann") as ann, Client(urls[1], name="bob") as bob:
        users = [User("ann", await ann.join("lobby")), User("bob", await bob.join("lobby"))]
        async with asyncio.timeout(90), asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(user.read())
                group.create_task(user.send_all())
            for user in users:
                await user.received_half.wait()
            backbone.kill()
            await until_readiness(urls, 503)
            await asyncio.to_thread(backbone.start)
            await until_readiness(urls, 200)
    sent = {f"{name} {number}" for name in NAMES for number in range(EACH)}
    orders = [[(message.position, message.text) for message in user.received] for user in users]
    assert orders[0] == orders[1]
    assert {text for _, text in orders[0]} == sent
    stored = {text: receipt.position for user in users for text, receipt in user.receipts.items()}
    assert stored == {text: position for position, text in orders[0]}
    assert len({position.epoch for position, _ in orders[0]}) == 1
