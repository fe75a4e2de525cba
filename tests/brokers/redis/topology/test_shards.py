"""In a Redis Cluster shards go down and recover, and slots move between them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from brokers.base import Receipt
from brokers.errors import BrokerError, Unavailable
from brokers.testing.recorder import chained
from tests.brokers.redis.cluster_stage import FAST, KEYSPACE, SOON, insist, nodes, restored, room_at, talk
from tests.contract.redis_cluster import ClusterServer, RedisCluster, free_ports
from tests.contract.server import running

pytestmark = [pytest.mark.cluster]


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisCluster]:
    with running(RedisCluster(*FAST, "--cluster-require-full-coverage", "no")) as started:
        yield started


@pytest.fixture
def cluster(shared: RedisCluster) -> RedisCluster:
    shared.mend()
    return shared


async def test_rooms_are_spread_and_a_room_is_in_one_place(cluster: RedisCluster) -> None:
    async with nodes(cluster.url) as (here, there):
        rooms = [room_at(cluster, server) for server in cluster.primaries]
        for room in rooms:
            await there.broker.subscribe(room)
            [receipt] = await here.send(room, b"text")
            assert receipt.offset == 1
        await there.received.count(len(rooms))
        for room, server in zip(rooms, cluster.primaries, strict=True):
            assert server.ask("EXISTS", KEYSPACE.head(room), KEYSPACE.stream(room)) == 2
        heads = await here.broker.heads(rooms)
        assert [heads[room].offset for room in rooms] == [1, 1, 1]
        await here.broker.probe()
        assert here.broker.stats()["shards"] == 3


async def test_while_one_shard_is_away_the_others_continue_and_it_is_reported(cluster: RedisCluster) -> None:
    away = cluster.primaries[0]
    lost, kept = room_at(cluster, away), room_at(cluster, cluster.primaries[1])
    async with nodes(cluster.url) as (here, there):
        for room in (lost, kept):
            await there.broker.subscribe(room)
            await here.send(room, b"before")
        await there.received.count(2)
        away.kill()
        for node in (here, there):
            await node.received.until(lambda received: received.states == ["lost"])
        await insist(here, kept, b"during", "during")
        await there.received.until(lambda received: received.payloads(kept) == [b"before", b"during"])
        for refused in (
            here.broker.publish(lost, b"x", key="x"),
            here.broker.probe(),
            here.broker.heads([lost]),
        ):
            with pytest.raises(Unavailable):
                await refused
        assert (await here.broker.heads([kept]))[kept].offset
        await asyncio.to_thread(away.start)
        for node in (here, there):
            await node.received.until(restored)
            assert node.received.states == ["lost", "restored"]
        await insist(here, lost, b"after", "after")
        await there.received.until(lambda received: received.payloads(lost)[-1:] == [b"after"])
        assert [entry.payload for entry in await there.full_history(lost)] == [b"before", b"after"]


async def test_a_shard_that_recovers_while_another_is_down_reveals_its_gaps(
    cluster: RedisCluster,
) -> None:
    first, second = cluster.primaries[:2]
    room = room_at(cluster, second)
    async with nodes(cluster.url) as (here, there):
        await there.broker.subscribe(room)
        await here.send(room, b"before")
        await there.received.until(lambda received: received.payloads(room) == [b"before"])
        first.kill()
        await there.received.until(lambda received: received.states == ["lost"])
        second.ask("CLIENT", "KILL", "TYPE", "pubsub")
        receipt = await insist(here, room, b"maybe missed", "missed")
        await there.received.until(lambda received: received.payloads(room)[-1:] == [b"maybe missed"])
        assert there.received.states == ["lost"]
        assert (await there.broker.heads([room]))[room].offset == receipt.offset
        await asyncio.to_thread(first.start)
        await there.received.until(restored)


async def test_a_slot_that_moves_takes_its_room_along_unnoticed(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[1:]
    room = room_at(cluster, source)
    slot = KEYSPACE.slot(room)
    async with nodes(cluster.url) as (here, there):
        await there.broker.subscribe(room)
        done = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(talk(here, room, done))
            for _ in range(3):
                await asyncio.to_thread(cluster.move, slot, source, target)
                await asyncio.to_thread(cluster.move, slot, target, source)
            done.set()
        published = talking.result()
        kept = await there.full_history(room)
        assert [entry.payload for entry in kept][-50:] == published[-50:]
        assert chained(kept)
        await there.received.until(lambda received: received.payloads(room)[-1:] == published[-1:])
        assert there.received.states == here.received.states == []


async def test_many_published_at_once_keep_their_order_while_their_slot_moves(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[1:]
    room = room_at(cluster, source)
    slot = KEYSPACE.slot(room)
    async with nodes(cluster.url, replace(SOON, timeout=30.0)) as (here, there):
        for back in (False, True):
            ways = (target, source) if back else (source, target)
            answers = [here.broker.publish(room, b"%d" % n, key=f"{back} {n}") for n in range(1000)]
            moving = asyncio.to_thread(cluster.move, slot, *ways)
            receipts, _ = await asyncio.gather(asyncio.gather(*answers, return_exceptions=True), moving)
            offsets = [receipt.offset for receipt in receipts if isinstance(receipt, Receipt)]
            assert offsets == sorted(offsets)
            refused = {str(answer) for answer in receipts if not isinstance(answer, Receipt)}
            assert not refused
        assert chained(await there.full_history(room))


async def test_a_room_is_read_and_written_while_its_slot_is_between_two_shards(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[1:]
    room = room_at(cluster, source)
    slot = KEYSPACE.slot(room)
    async with nodes(cluster.url) as (here, there):
        [before] = await here.send(room, b"before")
        cluster.begin_move(slot, source, target)
        waiting = here.broker.publish(room, b"meanwhile", key="meanwhile")
        keys = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
        assert isinstance(keys, list)
        source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        assert (await there.broker.heads([room]))[room].offset >= before.offset
        assert (await there.full_history(room))[0].payload == b"before"
        await asyncio.to_thread(cluster.finish_move, slot, source, target)
        await insist(here, room, b"after", "after")
        with_the_rest = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(with_the_rest[0], Receipt | BrokerError)
        kept = [entry.payload for entry in await there.full_history(room)]
        assert kept[-1] == b"after"
        await asyncio.to_thread(cluster.move, slot, target, source)


async def test_a_server_that_joins_is_found_when_it_has_slots(cluster: RedisCluster) -> None:
    room = room_at(cluster, cluster.primaries[2])
    async with nodes(cluster.url) as (here, there):
        await there.broker.subscribe(room)
        [port] = free_ports(1)
        newcomer = ClusterServer(port, port, *FAST)
        source = cluster.primaries[2]
        await asyncio.to_thread(cluster.add, newcomer)
        try:
            await asyncio.to_thread(cluster.move, KEYSPACE.slot(room), source, newcomer)
            await insist(here, room, b"there", "there")
            await there.received.until(lambda received: received.payloads(room)[-1:] == [b"there"])
            assert newcomer.ask("EXISTS", KEYSPACE.head(room)) == 1
            await insist(here, room, b"on", "on")
            await there.received.until(lambda received: received.payloads(room)[-1:] == [b"on"])
            assert here.broker.stats()["shards"] == 4
        finally:
            await asyncio.to_thread(cluster.move, KEYSPACE.slot(room), newcomer, source)
            await asyncio.to_thread(cluster.drop, newcomer)
