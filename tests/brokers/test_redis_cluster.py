"""The Redis broker on a cluster whose shards fail, come back, and give slots to each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import count

import pytest
from redis import Redis

from brokers.base import Options, Receipt
from brokers.errors import BrokerError, Unavailable
from brokers.redis import RedisBroker
from brokers.redis.names import Names
from brokers.testing.recorder import Node, Recorder, chained
from tests.contract.redis_cluster import ClusterServer, RedisCluster, free_ports, wait_for
from tests.contract.server import running

pytestmark = [pytest.mark.cluster]

NAMES = Names("hubbub", 0)
SOON = Options(timeout=2.0)
FAST = ("--cluster-node-timeout", "1000", "--appendonly", "yes", "--appendfsync", "always")


ROOMS = (f"room {number}" for number in count())  # no two tests share one


@pytest.fixture(scope="module")
def shared() -> Iterator[RedisCluster]:
    with running(RedisCluster(*FAST, "--cluster-require-full-coverage", "no")) as started:
        yield started


@pytest.fixture
def cluster(shared: RedisCluster) -> RedisCluster:
    shared.mend()
    return shared


@contextmanager
def with_replicas() -> Iterator[RedisCluster]:
    with running(RedisCluster(*FAST, replicas=1)) as started:
        yield started


@asynccontextmanager
async def nodes(url: str, options: Options = SOON) -> AsyncIterator[tuple[Node, Node]]:
    pair = [Node(RedisBroker(replace(options, url=url)), Recorder()) for _ in range(2)]
    try:
        for node in pair:
            await node.broker.start(node.heard)
        yield pair[0], pair[1]
    finally:
        for node in pair:
            await node.broker.close()


def owner(cluster: RedisCluster, room: str) -> ClusterServer:
    slot = NAMES.slot(room)
    return cluster.primaries[slot // (16384 // len(cluster.primaries) + 1)]


def room_at(cluster: RedisCluster, server: ClusterServer) -> str:
    return next(room for room in ROOMS if owner(cluster, room) is server)


async def insist(node: Node, room: str, payload: bytes, key: str) -> Receipt:
    """Publish as an SDK does: the same key again, until it's acknowledged."""
    async with asyncio.timeout(40):
        while True:
            try:
                return await node.broker.publish(room, payload, key=key)
            except Unavailable:
                await asyncio.sleep(0.05)


def restored(heard: Recorder) -> bool:
    return heard.states[-1:] == ["restored"]


async def test_rooms_are_spread_and_a_room_is_in_one_place(cluster: RedisCluster) -> None:
    async with nodes(cluster.url) as (here, there):
        rooms = [room_at(cluster, server) for server in cluster.primaries]
        for room in rooms:
            await there.broker.subscribe(room)
            [receipt] = await here.say(room, b"text")
            assert receipt.offset == 1
        await there.heard.count(len(rooms))
        for room, server in zip(rooms, cluster.primaries, strict=True):
            assert server.ask("EXISTS", NAMES.head(room), NAMES.stream(room)) == 2
        heads = await here.broker.heads(rooms)
        assert [heads[room].offset for room in rooms] == [1, 1, 1]
        await here.broker.probe()
        assert here.broker.stats()["shards"] == 3


async def test_while_one_shard_is_away_the_others_go_on_and_it_is_told(cluster: RedisCluster) -> None:
    away = cluster.primaries[0]
    lost, kept = room_at(cluster, away), room_at(cluster, cluster.primaries[1])
    async with nodes(cluster.url) as (here, there):
        for room in (lost, kept):
            await there.broker.subscribe(room)
            await here.say(room, b"before")
        await there.heard.count(2)
        away.kill()
        for node in (here, there):
            await node.heard.until(lambda heard: heard.states == ["lost"])
        await insist(here, kept, b"during", "during")
        await there.heard.until(lambda heard: heard.payloads(kept) == [b"before", b"during"])
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
            await node.heard.until(restored)
            assert node.heard.states == ["lost", "restored"]
        await insist(here, lost, b"after", "after")
        await there.heard.until(lambda heard: heard.payloads(lost)[-1:] == [b"after"])
        assert [entry.payload for entry in await there.all_kept(lost)] == [b"before", b"after"]


async def test_a_shard_that_comes_back_while_another_is_away_leaves_no_gap_unnoticed(
    cluster: RedisCluster,
) -> None:
    first, second = cluster.primaries[:2]
    room = room_at(cluster, second)
    async with nodes(cluster.url) as (here, there):
        await there.broker.subscribe(room)
        await here.say(room, b"before")
        await there.heard.until(lambda heard: heard.payloads(room) == [b"before"])
        first.kill()
        await there.heard.until(lambda heard: heard.states == ["lost"])
        second.ask("CLIENT", "KILL", "TYPE", "pubsub")
        receipt = await insist(here, room, b"maybe missed", "missed")
        await there.heard.until(lambda heard: heard.payloads(room)[-1:] == [b"maybe missed"])
        assert there.heard.states == ["lost"]
        assert (await there.broker.heads([room]))[room].offset == receipt.offset
        await asyncio.to_thread(first.start)
        await there.heard.until(restored)


async def talk(node: Node, room: str, done: asyncio.Event) -> list[bytes]:
    """Publish one message after another until it's enough; return what was acknowledged."""
    said: list[bytes] = []
    while not done.is_set() or len(said) < 50:
        payload = b"%d" % len(said)
        await insist(node, room, payload, f"{room} {len(said)}")
        said.append(payload)
        await asyncio.sleep(0.001)
    return said


async def test_a_slot_that_moves_takes_its_room_along_unnoticed(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[1:]
    room = room_at(cluster, source)
    slot = NAMES.slot(room)
    async with nodes(cluster.url) as (here, there):
        await there.broker.subscribe(room)
        done = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(talk(here, room, done))
            for _ in range(3):
                await asyncio.to_thread(cluster.move, slot, source, target)
                await asyncio.to_thread(cluster.move, slot, target, source)
            done.set()
        said = talking.result()
        kept = await there.all_kept(room)
        assert [entry.payload for entry in kept][-50:] == said[-50:]
        assert chained(kept)
        await there.heard.until(lambda heard: heard.payloads(room)[-1:] == said[-1:])
        assert there.heard.states == here.heard.states == []


async def test_many_published_at_once_keep_their_order_while_their_slot_moves(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[1:]
    room = room_at(cluster, source)
    slot = NAMES.slot(room)
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
        assert chained(await there.all_kept(room))


async def test_a_room_is_read_and_written_while_its_slot_is_between_two_shards(cluster: RedisCluster) -> None:
    source, target = cluster.primaries[1:]
    room = room_at(cluster, source)
    slot = NAMES.slot(room)
    async with nodes(cluster.url) as (here, there):
        [before] = await here.say(room, b"before")
        cluster.begin_move(slot, source, target)
        waiting = here.broker.publish(room, b"meanwhile", key="meanwhile")
        keys = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
        assert isinstance(keys, list)
        source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        assert (await there.broker.heads([room]))[room].offset >= before.offset
        assert (await there.all_kept(room))[0].payload == b"before"
        await asyncio.to_thread(cluster.finish_move, slot, source, target)
        await insist(here, room, b"after", "after")
        with_the_rest = await asyncio.gather(waiting, return_exceptions=True)
        assert isinstance(with_the_rest[0], Receipt | BrokerError)
        kept = [entry.payload for entry in await there.all_kept(room)]
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
            await asyncio.to_thread(cluster.move, NAMES.slot(room), source, newcomer)
            await insist(here, room, b"there", "there")
            await there.heard.until(lambda heard: heard.payloads(room)[-1:] == [b"there"])
            assert newcomer.ask("EXISTS", NAMES.head(room)) == 1
            await insist(here, room, b"on", "on")
            await there.heard.until(lambda heard: heard.payloads(room)[-1:] == [b"on"])
            assert here.broker.stats()["shards"] == 4
        finally:
            await asyncio.to_thread(cluster.move, NAMES.slot(room), newcomer, source)
            await asyncio.to_thread(cluster.drop, newcomer)


@pytest.mark.slow
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
                await there.heard.count(20)
                dies.kill()
                for node in (here, there):
                    await node.heard.until(lambda heard: "lost" in heard.states)
                await asyncio.to_thread(wait_for, lambda: is_primary(replica), "the replica takes over")
                await asyncio.to_thread(
                    dies.start
                )  # the new primary needs somebody to hold what it acknowledges
                for node in (here, there):
                    await node.heard.until(restored, within=30)
                done.set()
            said = talking.result()
            kept = await there.all_kept(room)
            assert [entry.payload for entry in kept] == said
            assert chained(kept)
            await there.heard.until(lambda heard: heard.payloads(room)[-1:] == said[-1:])
            await there.broker.probe()


@pytest.mark.slow
async def test_what_a_failover_lost_is_not_taken_for_what_came_after_it() -> None:
    with with_replicas() as cluster:
        dies = cluster.primaries[0]
        [replica] = [server for server in cluster.replicas if follows(server, dies)]
        room = room_at(cluster, dies)
        async with nodes(cluster.url) as (here, there):
            await there.broker.subscribe(room)
            [before] = await here.say(room, b"before")
            wait_for(lambda: replica_has(replica, before.offset, room), "the replica has what was said")
            replica.freeze()
            dies.ask("CLIENT", "KILL", "TYPE", "replica")
            [lost] = await here.say(room, b"lost with the server")
            await there.heard.count(2)
            dies.kill()
            replica.thaw()
            for node in (here, there):
                await node.heard.until(lambda heard: "lost" in heard.states)
            after = await insist(here, room, b"after", "after")
            assert after.offset > lost.offset + 1
            await there.heard.until(restored, within=30)
            page = await there.broker.history(room, after=lost.offset, limit=10)
            assert [(entry.prev, entry.payload) for entry in page.entries] == [(before.offset, b"after")]
            assert not page.trimmed
            [last] = await here.say(room, b"last")
            assert last.offset == after.offset + 1
            assert chained(await there.all_kept(room))


def follows(replica: ClusterServer, primary: ClusterServer) -> bool:
    told = replica.ask("INFO", "replication")
    return isinstance(told, dict) and str(told.get("master_port")) == str(primary.port)


def is_primary(server: ClusterServer) -> bool:
    told = server.ask("INFO", "replication")
    return isinstance(told, dict) and told.get("role") == "master"


def replica_has(replica: ClusterServer, offset: int, room: str) -> bool:
    with Redis(host="127.0.0.1", port=replica.port) as client:
        client.execute_command("READONLY")
        return bool(client.hget(NAMES.head(room), "o") == b"%d" % offset)
