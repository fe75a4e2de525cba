"""Read marks of a user who is connected to two nodes, on Redis and NATS with PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import jwt
import pytest

from service.node import Node
from tests.archive.postgres_storage import new_database
from tests.contract.postgres_server import PostgresServer
from tests.service.archiving.test_copy_archiving import BROKERS, PATIENCE, World
from tests.service.peer import Peer

SECRET: Final = "a secret of at least 32 bytes, for tests"
SETTINGS: Final[dict[str, Any]] = {"auth": "both", "token_key": SECRET}


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


async def sign_in(port: int, user: str) -> Peer:
    peer = await Peer.connect(port)
    await peer.upgrade()
    token = jwt.encode({"sub": user, "exp": int(time.time()) + 600}, SECRET, algorithm="HS256")
    assert (await peer.ask("hello", token=token))["type"] == "welcome"
    return peer


async def until_connected(node: Node, others: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(node.cluster) < others:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def test_a_mark_goes_to_the_connections_on_other_nodes_and_is_kept(world: World) -> None:
    async with world.node(**SETTINGS) as here, world.node(**SETTINGS) as there:
        await until_connected(here.node, 1)
        await until_connected(there.node, 1)
        ann, also_ann = await sign_in(here.port, "ann"), await sign_in(there.port, "ann")
        bob = await sign_in(here.port, "bob")
        for peer in (ann, also_ann, bob):
            await peer.ask("join", room="lobby")
        first, *_, last = [await bob.ask("send", room="lobby", text="hello") for _ in range(3)]
        assert first["offset"] < last["offset"]
        while (await ann.event("message"))["offset"] < last["offset"]:
            pass
        moved = await ann.ask("read", room="lobby", offset=last["offset"] - 1)
        assert moved["unread"] == 1
        seen = await also_ann.event("mark")
        assert (seen["room"], seen["offset"], seen["unread"]) == ("lobby", last["offset"] - 1, 1)
        for peer in (ann, also_ann, bob):
            peer.disconnect()
    async with world.node(**SETTINGS) as here:
        ann = await sign_in(here.port, "ann")
        mark = (await ann.ask("join", room="lobby"))["mark"]
        assert (mark["offset"], mark["unread"]) == (last["offset"] - 1, 1)
        [room] = (await ann.ask("rooms"))["rooms"]
        assert (room["room"], room["unread"]) == ("lobby", 1)
        ann.disconnect()
