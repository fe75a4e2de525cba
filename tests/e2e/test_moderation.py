"""Moderation on two nodes of a real broker: in force on both, and after a restart of all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final, TypeAlias

import httpx
import pytest

from tests.contract.server import Server
from tests.e2e.backbones import NAMES, backbone, until_ready_says
from tests.hubbub_cli.server import Server as Node
from tests.hubbub_cli.server import serving
from tests.service.peer import Peer

Greet: TypeAlias = Callable[..., Awaitable[tuple[Peer, dict[str, Any]]]]

KEY: Final = "the-key-of-the-operator"
# What the operator is promised (seconds).
IN_FORCE: Final = 2


@pytest.fixture(params=NAMES)
def nodes(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Node, Node]]:
    """Start a broker and two nodes on it."""
    with ExitStack() as parts:
        server, settings = parts.enter_context(backbone(request.param))
        here, there = (
            parts.enter_context(serving(HUBBUB_API_KEY=KEY, HUBBUB_OPERATOR_PORT="", **settings))
            for _ in range(2)
        )
        yield server, here, there


async def moderate(node: Node, **action: object) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{node.port}", timeout=20) as http:
        answer = await http.post(
            "/api/moderation",
            json={"reason": "spam", **action},
            headers={"Authorization": f"Bearer {KEY}"},
        )
    assert answer.status_code == 201, answer.text


@pytest.fixture
def greet() -> Iterator[Greet]:
    """Connect to a node from an address, and send `hello`."""
    peers: list[Peer] = []

    async def greet(node: Node, address: str = "127.0.0.1", **fields: str) -> tuple[Peer, dict[str, Any]]:
        peer = await Peer.connect(node.port, address=address)
        peers.append(peer)
        await peer.upgrade()
        return peer, await peer.ask("hello", **fields)

    yield greet
    for peer in peers:
        peer.disconnect()


async def removed(peer: Peer) -> bool:
    async with asyncio.timeout(IN_FORCE):
        return await peer.closed() == 4504


@pytest.mark.timeout(120)
async def test_actions_are_in_force_on_the_other_node(nodes: tuple[Server, Node, Node], greet: Greet) -> None:
    _, here, there = nodes
    (reader, _), (spammer, welcome), (kicked, kicked_welcome) = [
        await greet(there, f"127.0.0.{number}") for number in (1, 2, 3)
    ]
    for peer in (reader, spammer):
        assert (await peer.ask("join", room="lobby"))["type"] == "joined"
    sent = await spammer.ask("send", room="lobby", text="buy this")
    await moderate(here, action="delete", room="lobby", offset=sent["offset"])
    async with asyncio.timeout(IN_FORCE):
        deleted = await reader.event("change")
    assert (deleted["change"], deleted["target"], deleted["user"]) == ("delete", sent["offset"], "operator")
    await moderate(here, action="kick", user=kicked_welcome["user_id"])
    await moderate(here, action="ban", user=welcome["user_id"])
    assert await removed(kicked)
    assert await removed(spammer)
    again, _ = await greet(there, "127.0.0.3", session=kicked_welcome["session"])
    await moderate(here, action="ban", address="127.0.0.3")
    assert await removed(again)


@pytest.mark.timeout(120)
async def test_actions_outlive_a_restart_of_all(nodes: tuple[Server, Node, Node], greet: Greet) -> None:
    broker, here, there = nodes
    spammer, welcome = await greet(there, "127.0.0.2")
    await spammer.ask("join", room="lobby")
    sent = await spammer.ask("send", room="lobby", text="buy this")
    await moderate(here, action="ban", user=welcome["user_id"])
    await moderate(here, action="ban", address="127.0.0.3")
    await moderate(here, action="delete", room="lobby", offset=sent["offset"])
    await moderate(here, action="close", room="lobby")
    for part in (here, there, broker):
        await asyncio.to_thread(part.kill)
    for each in (broker, here, there):
        await asyncio.to_thread(each.start)
    await until_ready_says(there.port, 200)
    for address, fields in (("127.0.0.1", {"session": welcome["session"]}), ("127.0.0.3", {})):
        peer, answer = await greet(there, address, **fields)
        assert answer["code"] == "banned"
        assert await removed(peer)
    reader, _ = await greet(there)
    [message] = (await reader.ask("join", room="lobby"))["messages"]
    assert (message["text"], message["deleted"]["user"]) == ("", "operator")
    assert (await reader.ask("send", room="lobby", text="x"))["code"] == "room_closed"
