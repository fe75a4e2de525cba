"""A NATS cluster of three servers with three replicas survives the loss of one, and is honest about more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TypeVar

import pytest

from brokers.base import BrokerOptions
from brokers.errors import Unavailable
from brokers.nats import NatsBroker
from brokers.testing.recorder import BrokerNode, chained
from tests.brokers.nats.nodes import node, operator, options
from tests.contract.nats_cluster import NatsCluster, ask, running_cluster, until
from tests.contract.nats_server import NatsServer

T = TypeVar("T")

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def cluster() -> Iterator[NatsCluster]:
    """One cluster for all tests of this module; each test leaves it complete."""
    with running_cluster() as started:
        yield started


def _options(cluster: NatsCluster) -> BrokerOptions:
    return options(cluster.servers[0], url=cluster.url)


def _at(server: NatsServer, shared: BrokerOptions) -> BrokerOptions:
    """Create options for a node that knows only one server."""
    return options(server, prefix=shared.prefix, url=f"{server.url}?replicas=3")


async def _leader(server: NatsServer, shared: BrokerOptions) -> str:
    async with operator(server.url) as client:
        reply = await ask(client, f"STREAM.INFO.{shared.prefix}_entries")
    cluster = reply.get("cluster")
    return str(cluster.get("leader", "")) if isinstance(cluster, dict) else ""


async def _publish(here: BrokerNode, room: str, texts: list[bytes]) -> None:
    """Publish payloads under their own keys, with retries until they are acknowledged."""
    for text in texts:
        async with asyncio.timeout(30):
            while True:
                try:
                    await here.broker.publish(room, text, key=text.decode())
                    break
                except Unavailable:
                    await asyncio.sleep(0.05)


async def _caught_up(here: BrokerNode, room: str) -> list[bytes]:
    """Read the stored entries, as a node does after `restored`."""
    kept: list[bytes] = []

    async def read() -> bool:
        try:
            entries = await here.full_history(room)
        except Unavailable:
            return False
        assert chained(entries)
        kept[:] = [entry.payload for entry in entries]
        return True

    await until(read)
    return kept


@pytest.fixture(autouse=True)
async def _whole(cluster: NatsCluster) -> None:
    await cluster.until_ready()


@asynccontextmanager
async def _without(server: NatsServer) -> AsyncIterator[None]:
    server.kill()
    try:
        yield
    finally:
        server.start()


TEXTS = [b"%d" % number for number in range(60)]


async def test_a_leader_that_steps_down_loses_nothing_and_is_reported(cluster: NatsCluster) -> None:
    shared = _options(cluster)
    async with node(shared) as here, node(shared) as there:
        before = await there.broker.subscribe("room")
        publishing = asyncio.create_task(_publish(here, "room", TEXTS))
        await there.received.count(5)
        async with operator(cluster.servers[0].url) as client:
            reply = await ask(client, f"STREAM.LEADER.STEPDOWN.{shared.prefix}_entries")
            assert reply["success"]
        await publishing
        for each in (here, there):
            await each.received.until(lambda received: "restored" in received.states)
        assert await _caught_up(there, "room") == TEXTS
        assert (await _answer(partial(there.broker.subscribe, "room"))).epoch == before.epoch


@pytest.mark.parametrize("whose", ["the leader", "the node's"])
async def test_a_killed_server_loses_nothing_and_the_node_moves(cluster: NatsCluster, whose: str) -> None:
    shared = _options(cluster)
    async with AsyncExitStack() as ends:
        here = await ends.enter_async_context(node(shared))
        there = await ends.enter_async_context(node(shared))
        await there.broker.subscribe("room")
        victim = cluster.named(await _leader(cluster.servers[0], shared))
        if whose == "the node's":
            victim = _connected(cluster, there)
        publishing = asyncio.create_task(_publish(here, "room", TEXTS))
        await there.received.count(5)
        async with _without(victim):
            await publishing
            assert await _caught_up(there, "room") == TEXTS
            assert {entry.payload for entry in there.received.entries} <= set(TEXTS)
            # An election may follow the first one, or be reported late: then a session ends again.
            last = await _answer(lambda: here.broker.publish("room", b"after", key="after"))
            await _caught_up(there, "room")
            assert (await _answer(partial(there.broker.heads, ["room"])))["room"].offset == last.offset


def _connected(cluster: NatsCluster, here: BrokerNode) -> NatsServer:
    broker = here.broker
    assert isinstance(broker, NatsBroker)
    session = broker._session  # noqa: SLF001
    assert session
    url = session.connection._client.connected_url  # noqa: SLF001
    assert url
    [server] = [server for server in cluster.servers if server.port == url.port]
    return server


async def test_a_server_that_was_away_gives_no_old_head_and_no_short_page(cluster: NatsCluster) -> None:
    shared = _options(cluster)
    async with node(shared) as writer:
        leader = await _leader(cluster.servers[0], shared)
        trailing = cluster.others(leader)[0]
        rooms = [f"room {number}" for number in range(20)]
        async with _without(trailing):
            for number in range(20):
                await asyncio.gather(*(_publish(writer, room, [b"%d" % number]) for room in rooms))
        texts = [b"%d" % number for number in range(20)]
        # Through the server that has just restarted, however much of the stream it has by now.
        async with AsyncExitStack() as ends:
            reader = await ends.enter_async_context(_patient_node(_at(trailing, shared)))
            for room in rooms:
                head = (await _answer(partial(writer.broker.heads, [room])))[room]
                assert (await _answer(partial(reader.broker.heads, [room])))[room] == head
                page = await _answer(partial(reader.broker.history, room, limit=50))
                assert ([entry.payload for entry in page.entries], page.head) == (texts, head)
                page = await _answer(partial(reader.broker.history, room, after=0, limit=50))
                assert ([entry.payload for entry in page.entries], page.trimmed) == (texts, False)


async def _answer(ask: Callable[[], Awaitable[T]]) -> T:
    """Retry a request until it succeeds, as the service does: any election ends the sessions."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _patient_node(options: BrokerOptions) -> AsyncIterator[BrokerNode]:
    """Start a node on a server that may not be ready yet."""
    async with AsyncExitStack() as ends:
        started: list[BrokerNode] = []

        async def start() -> bool:
            try:
                started.append(await ends.enter_async_context(node(options)))
            except Unavailable:
                return False
            return True

        await until(start)
        yield started[0]


async def test_nodes_read_what_was_acknowledged_while_others_write_on(cluster: NatsCluster) -> None:
    shared = _options(cluster)
    async with AsyncExitStack() as ends:
        nodes = [await ends.enter_async_context(node(_at(server, shared))) for server in cluster.servers]
        for number in range(100):
            text = b"%d" % number
            [receipt] = await nodes[number % 3].send("room", text)
            readers = [each.broker for each in nodes]
            pages = await asyncio.gather(*(broker.history("room", limit=5) for broker in readers))
            heads = await asyncio.gather(*(broker.heads(["room"]) for broker in readers))
            assert {head["room"].offset for head in heads} == {receipt.offset}
            assert {page.entries[-1].payload for page in pages} == {text}
            after = await asyncio.gather(
                *(broker.history("room", after=receipt.offset - 1, limit=5) for broker in readers)
            )
            assert {page.entries[-1].payload for page in after} == {text}


async def test_without_a_majority_nothing_is_acknowledged_and_it_recovers(
    cluster: NatsCluster,
) -> None:
    shared = _options(cluster)
    leader = await _leader_of_new(cluster, shared)
    here_at, *gone = cluster.others(leader)
    async with node(_at(here_at, shared)) as here:
        await here.broker.subscribe("room")
        await _publish(here, "room", TEXTS[:5])
        async with AsyncExitStack() as away:
            for server in (cluster.named(leader), *gone):
                await away.enter_async_context(_without(server))
            for text in TEXTS[5:8]:
                async with asyncio.timeout(10):
                    with pytest.raises(Unavailable):
                        await here.broker.publish("room", text, key=text.decode())
        await _publish(here, "room", TEXTS[5:])
        assert await _caught_up(here, "room") == TEXTS


async def _leader_of_new(cluster: NatsCluster, shared: BrokerOptions) -> str:
    async with node(shared):
        return await _leader(cluster.servers[0], shared)


async def test_an_entry_lost_between_two_servers_is_detected(cluster: NatsCluster) -> None:
    shared = _options(cluster)
    async with node(replace(shared, timeout=1.0)) as here, node(shared) as there:
        await here.broker.subscribe("room")
        assert isinstance(here.broker, NatsBroker)
        for deafen in here.broker._rooms._subscriptions["room"].leave:  # noqa: SLF001
            deafen()
        await here.broker.probe()
        await there.send("room", b"lost")
        await here.received.until(lambda received: received.states == ["lost", "restored"])
        assert [entry.payload for entry in await here.full_history("room")] == [b"lost"]
        await there.send("room", b"received")
        await here.received.count(1)


async def _replicas_are_current(cluster: NatsCluster, shared: BrokerOptions) -> bool:
    async with operator(cluster.servers[0].url) as client:
        replies = [await ask(client, f"STREAM.INFO.{shared.prefix}_{name}") for name in ("entries", "heads")]
    groups = [reply.get("cluster") for reply in replies]
    replicas = [replica for group in groups if isinstance(group, dict) for replica in group["replicas"]]
    return len(replicas) == 4 and all(replica["current"] and not replica.get("lag") for replica in replicas)


async def _left(cluster: NatsCluster, here: BrokerNode, old: NatsServer) -> bool:
    return here.received.states[-1:] == ["restored"] and _connected(cluster, here) is not old


async def test_a_server_that_retires_is_left_without_loss(cluster: NatsCluster) -> None:
    shared = _options(cluster)
    async with node(shared) as here, node(shared) as there:
        await there.broker.subscribe("room")
        # A server whose replica still catches up announces its lame duck mode only after 30 s or more:
        # it first shuts JetStream down, and that waits for the replica.
        await until(lambda: _replicas_are_current(cluster, shared))
        old = _connected(cluster, there)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_publish(here, "room", TEXTS))
            await there.received.count(5)
            old.retire()
        await until(lambda: _left(cluster, there, old))
        assert await _caught_up(there, "room") == TEXTS
        async with _without(old):
            pass
