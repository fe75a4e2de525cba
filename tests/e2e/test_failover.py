"""A failover of Redis between the delivery of a message and its receipt."""

from __future__ import annotations

import asyncio

import pytest
from redis import Redis

from hubbub_client import Client, Message, Options, Position, Room
from service.server import running
from tests.contract.redis_sentinel import RedisSentinel, WatchedServer
from tests.contract.server import running as running_servers
from tests.service.serving import quick

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

_WITHIN = 40


async def message(room: Room, text: str) -> Position:
    """Read the room up to a message with this text; return its position."""
    async with asyncio.timeout(_WITHIN):
        async for event in room:
            if isinstance(event, Message) and event.text == text:
                return event.position
    raise AssertionError(f"the room ended without {text}")


def cut_off(replica: WatchedServer, primary: WatchedServer) -> None:
    """Keep a replica from following its primary, whose password it does not know any more."""
    with Redis.from_url(replica.url) as asked:
        asked.config_set("masterauth", "wrong")
    with Redis.from_url(primary.url) as asked:
        asked.execute_command("CLIENT", "KILL", "TYPE", "replica")
    replica.wait_until("INFO replication", b"master_link_status:down")


def fail_over(replica: WatchedServer, primary: WatchedServer) -> None:
    """Kill the primary, and start it again when the replica has its place and needs a replica itself."""
    primary.kill()
    replica.wait_until("INFO replication", b"role:master")
    primary.start()
    with Redis.from_url(primary.url) as asked:
        asked.replicaof("127.0.0.1", str(replica.port))  # the sentinel would do it ten seconds later


async def test_a_send_is_not_reported_before_the_replica_has_it() -> None:
    with running_servers(RedisSentinel()) as watched:
        settings = quick(broker="redis", redis_url=f"{watched.url}?replicas=1", broker_timeout=1.0)
        async with (
            running(settings) as here,
            Client(f"ws://127.0.0.1:{here.port}", name="ann", options=Options(within=_WITHIN)) as chat,
            asyncio.TaskGroup() as tasks,
        ):
            room = await chat.join("lobby")
            before = await room.send("before")
            await message(room, "before")
            primary, replica = watched.servers
            await asyncio.to_thread(cut_off, replica, primary)
            sending = tasks.create_task(room.send("hello"))
            seen = await message(room, "hello")
            assert seen == Position(before.position.epoch, before.position.offset + 1)
            assert room.pending == ()
            await asyncio.to_thread(fail_over, replica, primary)
            assert not sending.done()
            receipt = await sending
            assert receipt.position.offset > seen.offset + 1, "it was lost, and stored again"
            assert await message(room, "hello") == receipt.position
            kept = (await here.node.broker.history("lobby", after=0, limit=10)).entries
            assert [entry.offset for entry in kept] == [before.position.offset, receipt.position.offset]
