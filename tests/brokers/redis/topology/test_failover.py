"""In a Redis Cluster a replica is promoted after its primary crashed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from brokers.testing.recorder import chained
from tests.brokers.redis.cluster_stage import FAST, KEYSPACE, insist, nodes, restored, room_at, talk
from tests.contract.redis_cluster import ClusterServer, RedisCluster, wait_for
from tests.contract.server import running

pytestmark = [pytest.mark.cluster, pytest.mark.slow]


@contextmanager
def with_replicas() -> Iterator[RedisCluster]:
    with running(RedisCluster(*FAST, replicas=1)) as started:
        yield started


async def test_when_a_replica_takes_over_nothing_acknowledged_is_lost() -> None:
    with with_replicas() as cluster:
        dies = cluster.primaries[0]
        [replica] = [server for server in cluster.replicas if follows(server, dies)]
        room = room_at(cluster, dies)
        async with nodes(f"{cluster.url}?replicas=1") as (here, there):
            await there.broker.subscribe(room)
            done = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                talking = tasks.create_task(talk(here, room, done))
                await there.received.count(20)
                dies.kill()
                for node in (here, there):
                    await node.received.until(lambda received: "lost" in received.states)
                await asyncio.to_thread(wait_for, lambda: is_primary(replica), "the replica is promoted")
                await asyncio.to_thread(
                    dies.start
                )  # the new primary needs a replica for what it acknowledges
                for node in (here, there):
                    await node.received.until(restored, within=30)
                done.set()
            published = talking.result()
            kept = await there.full_history(room)
            assert [entry.payload for entry in kept] == published
            assert chained(kept)
            await there.received.until(lambda received: received.payloads(room)[-1:] == published[-1:])
            await there.broker.probe()


async def test_what_a_failover_lost_is_not_taken_for_what_came_after_it() -> None:
    with with_replicas() as cluster:
        dies = cluster.primaries[0]
        [replica] = [server for server in cluster.replicas if follows(server, dies)]
        room = room_at(cluster, dies)
        async with nodes(cluster.url) as (here, there):
            await there.broker.subscribe(room)
            [before] = await here.send(room, b"before")
            wait_for(lambda: replica_has(replica, before.offset, room), "the replica has the entry")
            freeze_without_scripts(replica)
            dies.ask("CLIENT", "KILL", "TYPE", "replica")
            [lost] = await here.send(room, b"lost with the server")
            await there.received.count(2)
            dies.kill()
            replica.thaw()
            for node in (here, there):
                await node.received.until(lambda received: "lost" in received.states)
            after = await insist(here, room, b"after", "after")
            assert after.offset > lost.offset + 1
            await there.received.until(restored, within=30)
            page = await there.broker.history(room, after=lost.offset, limit=10)
            assert [(entry.prev, entry.payload) for entry in page.entries] == [(before.offset, b"after")]
            assert not page.trimmed
            [last] = await here.send(room, b"last")
            assert last.offset == after.offset + 1
            assert chained(await there.full_history(room))


def freeze_without_scripts(replica: ClusterServer) -> None:
    """Remove the scripts first, because up to Redis 6.2 they are replicated."""
    assert replica.ask("SCRIPT", "FLUSH")
    replica.freeze()


def follows(replica: ClusterServer, primary: ClusterServer) -> bool:
    info = replica.ask("INFO", "replication")
    return isinstance(info, dict) and str(info.get("master_port")) == str(primary.port)


def is_primary(server: ClusterServer) -> bool:
    info = server.ask("INFO", "replication")
    return isinstance(info, dict) and info.get("role") == "master"


def replica_has(replica: ClusterServer, offset: int, room: str) -> bool:
    with Redis(host="127.0.0.1", port=replica.port) as client:
        client.execute_command("READONLY")
        return bool(client.hget(KEYSPACE.head(room), "o") == b"%d" % offset)
