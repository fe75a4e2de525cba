"""A server that is killed, frozen, emptied or unreachable is detected and reported, and nodes recover."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator

import pytest

from brokers.base import Retention
from brokers.errors import Unavailable, WritesRefused
from brokers.nats.broker import NatsBroker
from brokers.testing.recorder import BrokerNode, Recorder, chained
from tests.brokers.nats.nodes import node, operator, options
from tests.contract.nats_server import NatsServer, shared_nats
from tests.contract.server import running


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with running(NatsServer()) as started:
        yield started


def _lost(received: Recorder) -> bool:
    return received.states[-1:] == ["lost"]


def _restored(received: Recorder) -> bool:
    return received.states[-1:] == ["restored"]


async def _delete(here: BrokerNode) -> None:
    prefix = here.broker.options.prefix
    async with operator(here.broker.options.url) as client:
        answer = await client.request(f"$JS.API.STREAM.DELETE.{prefix}_entries", timeout=5)
        assert json.loads(answer.data)["success"]


async def test_a_restarted_server_has_all_that_was_acknowledged(server: NatsServer) -> None:
    async with node(options(server)) as here:
        await here.broker.subscribe("room")
        texts = [b"%d" % number for number in range(200)]
        under_way = [here.broker.publish("room", text, key=text.decode()) for text in texts]
        await here.received.count(20)
        server.kill()
        await here.received.until(_lost)
        first = await asyncio.gather(*under_way, return_exceptions=True)
        assert {type(answer).__name__ for answer in first} <= {"Receipt", "Unavailable"}
        server.start()
        await here.received.until(_restored)
        again = [await here.broker.publish("room", text, key=text.decode()) for text in texts]
        kept = await here.full_history("room")
        assert sorted(entry.payload for entry in kept) == sorted(texts)
        for earlier, later in zip(first, again, strict=True):
            assert isinstance(earlier, BaseException) or earlier.offset == later.offset
        assert {entry.epoch for entry in kept} == {receipt.epoch for receipt in again}


async def test_a_frozen_server_is_detected_and_blocks_no_call(server: NatsServer) -> None:
    async with node(options(server, timeout=0.3)) as here:
        await here.broker.subscribe("room")
        server.freeze()
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await here.broker.publish("room", b"x" * 900_000, key="key")
        await here.received.until(_lost)
        server.thaw()
        await here.received.until(_restored)
        await here.broker.publish("room", b"text", key="key")


async def test_a_broker_can_be_closed_while_its_server_is_frozen(server: NatsServer) -> None:
    broker = NatsBroker(options(server, timeout=0.5))
    await broker.start(Recorder())
    server.freeze()
    for number in range(20):
        broker.publish("room", b"x" * 900_000, key=f"{number}").add_done_callback(
            lambda done: done.exception()
        )
    async with asyncio.timeout(5):
        await broker.close()
    server.thaw()


async def test_a_stream_that_was_removed_is_made_anew_with_another_epoch() -> None:
    async with node(options(shared_nats())) as here, node(here.broker.options) as there:
        for each in (here, there):
            await each.broker.subscribe("room")
        [old] = await here.send("room", b"old")
        await _delete(here)
        with pytest.raises(Unavailable):
            await here.broker.publish("room", b"new", key="new")
        for each in (here, there):
            await each.received.until(_restored)
        assert await there.full_history("room") == []
        receipt = await here.broker.publish("room", b"new", key="new")
        assert (receipt.epoch != old.epoch, receipt.offset) == (True, 1)
        await there.received.until(lambda received: received.payloads("room") == [b"old", b"new"])
        assert there.received.entries[-1].epoch == receipt.epoch
        assert (await there.broker.heads(["room"]))["room"] == (receipt.epoch, 1)


async def test_a_stream_that_was_recreated_is_never_taken_for_the_old_one() -> None:
    async with node(options(shared_nats())) as here:
        await here.send("room", b"one", b"two")
        await _delete(here)
        async with node(here.broker.options):
            with pytest.raises(Unavailable):
                await here.broker.publish("room", b"new", key="new")
            await here.received.until(_restored)
            again = await here.broker.publish("room", b"new", key="new")
            assert (again.offset, again.duplicate) == (1, True)


async def test_a_probe_detects_a_removed_stream() -> None:
    async with node(options(shared_nats())) as here:
        await here.broker.probe()
        await _delete(here)
        with pytest.raises(Unavailable):
            await here.broker.probe()
        await here.received.until(_restored)
        await here.broker.probe()


def _flood(server: NatsServer, subject: str) -> None:
    """Publish more than the buffers between server and node hold, and wait until the server has taken it."""
    with socket.create_connection(("127.0.0.1", server.port)) as client, client.makefile("rb") as reply:
        client.sendall(b'CONNECT {"verbose":false}\r\n')
        for _ in range(60):
            client.sendall(b"PUB %s 1000000\r\n%s\r\n" % (subject.encode(), b"x" * 1_000_000))
        client.sendall(b"PING\r\n")
        while not reply.readline().startswith(b"PONG"):
            pass


async def test_a_node_that_reads_too_slowly_is_disconnected_and_reports_it() -> None:
    with running(NatsServer(config="max_pending: 2MB")) as server:
        async with node(options(server)) as here:
            await here.broker.subscribe("room")
            # While the callback runs, the node does not read.
            here.received.react = lambda _: _flood(server, f"{here.broker.options.prefix}.sig.room")
            await here.send("room", b"first")
            await here.received.until(lambda received: received.states == ["lost", "restored"])
            here.received.react = None
            await here.send("room", b"second")
            await here.received.count(2)
            assert chained(here.received.entries)


async def _ask(here: BrokerNode, what: str, **fields: object) -> dict[str, object]:
    async with operator(here.broker.options.url) as client:
        answer = await client.request(f"$JS.API.{what}", json.dumps(fields).encode(), timeout=5)
        reply: dict[str, object] = json.loads(answer.data)
        if "can not change RePublish" in str(reply.get("error")):
            pytest.skip("needs nats-server 2.10")
        assert "error" not in reply
        return reply


async def test_a_purged_room_keeps_its_head_and_is_reported_as_trimmed() -> None:
    async with node(options(shared_nats())) as here, node(here.broker.options) as there:
        await there.broker.subscribe("room")
        first, last = await here.send("room", b"one", b"two")
        prefix = here.broker.options.prefix
        await _ask(here, f"STREAM.PURGE.{prefix}_entries", filter=f"{prefix}.in.room")
        page = await there.broker.history("room", after=first.offset, limit=10)
        assert (page.entries, page.head.offset, page.trimmed) == ((), last.offset, True)
        assert not (await there.broker.history("room", after=last.offset, limit=10)).trimmed
        await here.send("room", b"three")
        await there.received.count(3)
        assert chained(there.received.entries)


async def test_when_only_the_heads_are_lost_no_gap_is_hidden() -> None:
    async with node(options(shared_nats(), retention=Retention(age=1.0))) as here:
        await here.broker.subscribe("other")
        first, last = await here.send("room", b"one", b"two")
        while (await here.broker.history("room", limit=1)).entries:  # noqa: ASYNC110 - expiry is not reported
            await asyncio.sleep(0.05)
        await _ask(here, f"STREAM.DELETE.{here.broker.options.prefix}_heads")
        await here.received.until(_restored)
        page = await here.broker.history("room", after=first.offset, limit=10)
        assert (page.trimmed, page.head.offset >= last.offset) == (True, True)
        [fresh] = await here.send("room", b"three")
        assert (await here.broker.heads(["room"]))["room"].offset == fresh.offset
        [again] = await here.send("new room", b"text")
        assert [entry.offset for entry in await here.full_history("new room")] == [again.offset]


async def test_of_more_rooms_than_heads_the_oldest_is_known_to_be_not_known() -> None:
    shared = options(shared_nats(), retention=Retention(age=1.0, rooms=3))
    async with node(shared) as here:
        first, last = await here.send("old", b"one", b"two")
        for number in range(5):
            await here.send(f"room {number}", b"text")
        while (await here.broker.history("room 4", limit=1)).entries:  # noqa: ASYNC110 - expiry is not reported
            await asyncio.sleep(0.05)
        page = await here.broker.history("old", after=first.offset, limit=10)
        assert (page.trimmed, page.head.offset >= last.offset) == (True, True)


async def test_beyond_the_total_bytes_entries_are_refused_and_no_room_loses_any() -> None:
    shared = options(shared_nats(), retention=Retention(total=100_000, age=0.0))
    async with node(shared) as here:
        await here.send("quiet", b"one", b"two")
        with pytest.raises(WritesRefused, match="maximum bytes exceeded"):
            await here.send("busy", *[b"x" * 5_000] * 30)
        assert [entry.payload for entry in await here.full_history("quiet")] == [b"one", b"two"]
        stored = await here.full_history("busy")
        assert 5 < len(stored) < 20
        assert [entry.prev for entry in stored] == [0, *(entry.offset for entry in stored[:-1])]


async def test_a_stream_changed_by_an_operator_is_updated_or_refused() -> None:
    async with node(options(shared_nats(), timeout=0.5)) as here:
        name = f"{here.broker.options.prefix}_entries"
        config = (await _ask(here, f"STREAM.INFO.{name}"))["config"]
        assert isinstance(config, dict)
        republish = config.pop("republish")
        await _ask(here, f"STREAM.UPDATE.{name}", **config)
        await here.received.until(_lost)
        with pytest.raises(Unavailable):
            await here.broker.publish("room", b"unheard", key="key")
        await _ask(here, f"STREAM.UPDATE.{name}", **config, republish=republish)
        await here.received.until(_restored)
        await here.broker.subscribe("room")
        await here.send("room", b"received")
        await here.received.count(1)
