"""A Redis that refuses writes: people see it, operators see its name, and nothing has to be restarted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from redis import Redis
from websockets.asyncio.client import connect

from hubbub_client import Client, Message
from tests.contract.redis_server import RedisServer
from tests.e2e.backbones import backbone, until_ready_says
from tests.hubbub_cli.server import Server, serving


@pytest.fixture
def broker() -> Iterator[tuple[RedisServer, dict[str, str]]]:
    with backbone("redis") as (server, settings):
        assert isinstance(server, RedisServer)
        yield server, settings


def limit_memory(server: RedisServer, limit: int) -> None:
    with Redis(unix_socket_path=str(server.socket)) as redis:
        redis.config_set("maxmemory", limit)


async def ready(server: Server) -> tuple[int, str]:
    async with httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(f"http://127.0.0.1:{server.port}/health/ready")
        return answer.status_code, str(answer.json()["status"])


async def gauge(server: Server, name: str) -> float:
    async with httpx.AsyncClient(timeout=10) as http:
        text = (await http.get(f"http://127.0.0.1:{server.port}/metrics")).text
    [line] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


async def check_report(server: Server) -> None:
    """See that the operator learns which refusal it is."""
    status, word = await ready(server)
    assert status == 503
    assert "Redis refuses writes: OOM command not allowed" in word
    assert await gauge(server, "hubbub_broker_writable") == 0
    assert await gauge(server, "hubbub_broker_up") == 1


@pytest.mark.timeout(120)
async def test_people_read_and_join_nodes_start_and_all_recovers(
    broker: tuple[RedisServer, dict[str, str]],
) -> None:
    redis, settings = broker
    with ExitStack() as nodes:
        old = nodes.enter_context(serving(**settings))
        async with Client(old.url, name="ann") as ann:
            lobby = await ann.join("lobby")
            await lobby.send("before")
            limit_memory(redis, 1)
            waiting = asyncio.get_running_loop().create_task(lobby.send("meanwhile", "key"))
            await until_ready_says(old.port, 503)
            new = nodes.enter_context(
                serving(**settings)
            )  # it starts, and serves a room that it doesn't know
            await check_report(old)
            await check_report(new)
            async with (
                Client(new.url, name="bea") as bea,
                connect(f"{new.url}/ws?room=empty&name=cid"),
            ):
                there = await bea.join("lobby", history=True)
                first = await anext(message async for message in there if isinstance(message, Message))
                assert first.text == "before"
                assert not waiting.done()
                limit_memory(redis, 0)
                receipt = await waiting
                second = await anext(message async for message in there if isinstance(message, Message))
                assert (second.text, second.position) == ("meanwhile", receipt.position)
                for node in (old, new):
                    await until_ready_says(node.port, 200)
                    assert await gauge(node, "hubbub_broker_writable") == 1
