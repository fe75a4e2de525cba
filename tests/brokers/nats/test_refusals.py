"""A server that refuses writes, or one room, is reported; everything that it does not refuse works."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from brokers.base import BrokerOptions, Receipt, Retention
from brokers.errors import BrokerRefused, Unavailable, WritesRefused
from brokers.testing.recorder import BrokerNode
from tests.brokers.nats.identities import operated
from tests.brokers.nats.nodes import node, operator, options
from tests.contract.nats_cluster import ask, until
from tests.contract.nats_server import NatsServer, shared_nats
from tests.contract.server import running


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with running(NatsServer()) as started:
        yield started


async def _writable(here: BrokerNode) -> bool:
    return here.broker.stats()["writable"] == 1.0


async def _update(here: BrokerNode, **changes: object) -> None:
    name = f"{here.broker.options.prefix}_entries"
    async with operator(here.broker.options.url) as client:
        config = (await ask(client, f"STREAM.INFO.{name}"))["config"]
        assert isinstance(config, dict)
        assert "error" not in await ask(client, f"STREAM.UPDATE.{name}", **{**config, **changes})


async def _purge(here: BrokerNode) -> None:
    async with operator(here.broker.options.url) as client:
        assert (await ask(client, f"STREAM.PURGE.{here.broker.options.prefix}_entries"))["success"]


async def _fill(here: BrokerNode) -> list[Receipt]:
    """Publish until the stream is full."""
    receipts = []
    for number in range(100):
        try:
            receipts.append(await here.broker.publish("room", b"x" * 4000, key=f"filler {number}"))
        except WritesRefused as error:
            assert "maximum bytes exceeded" in str(error)  # noqa: PT017 - the last of many
            return receipts
    pytest.fail("the stream does not fill")


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.message.startswith("nats_writes")]


async def test_a_full_stream_refuses_entries_and_is_read_and_recovers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "brokers.nats")
    shared = options(shared_nats(), retention=Retention(total=100_000))
    async with node(shared) as here:
        receipts = await _fill(here)
        with pytest.raises(WritesRefused, match="maximum bytes exceeded"):
            await here.broker.publish("room", b"x" * 4000, key="refused")
        with pytest.raises(WritesRefused, match="maximum bytes exceeded"):
            await here.broker.probe()
        assert not await _writable(here)
        assert _lines(caplog) == ["nats_writes_refused"]
        async with node(shared) as there:
            assert (await there.broker.subscribe("room")).offset == receipts[-1].offset
            assert len(await there.full_history("room")) == len(receipts)
        again = await here.broker.publish("room", b"", key="filler 0")
        assert (again.duplicate, again.offset) == (True, receipts[0].offset)
        await _purge(here)
        await until(lambda: _writable(here))
        receipt = await here.broker.publish("room", b"x" * 4000, key="refused")
        assert not receipt.duplicate, "a refused entry left its key behind"
        assert [entry.offset for entry in await here.full_history("room")] == [receipt.offset]
        assert _lines(caplog) == ["nats_writes_refused", "nats_writes_accepted"]
        assert here.received.states == []


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits a running process")
async def test_a_server_that_cannot_write_to_its_disk_is_read_and_recovers(
    server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "brokers.nats")
    shared = options(server, timeout=1.0)
    async with node(shared) as here:
        await here.broker.subscribe("room")
        await here.send("room", b"text")
        # The server answers nothing to what it can't store, as with a full disk.
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        with pytest.raises(Unavailable):
            await here.broker.publish("room", b"x" * 4000, key="key")
        await until(lambda: _refused(here))
        assert _lines(caplog) == ["nats_writes_refused"]
        async with node(shared) as there:
            assert (await there.broker.subscribe("room")).offset == 1
            assert [entry.payload for entry in await there.full_history("room")] == [b"text"]
        assert here.received.states == []
        server.kill()
        server.start()
        await here.received.until(lambda received: received.states == ["lost", "restored"])
        await until(lambda: _writable(here))
        assert not (await here.broker.publish("room", b"x" * 4000, key="key")).duplicate
        assert [len(entry.payload) for entry in await here.full_history("room")] == [4, 4000]
        assert _lines(caplog) == ["nats_writes_refused", "nats_writes_accepted"]


async def _refused(here: BrokerNode) -> bool:
    return not await _writable(here)


PERMISSIONS = "authorization {{ users: [{{ user: ann, password: pw, permissions: {{ {} }} }}] }}"


def _as_ann(server: NatsServer) -> BrokerOptions:
    return options(server, url=server.url.replace("://", "://ann:pw@"))


async def test_a_node_without_the_permission_to_publish_starts_and_reads(server: NatsServer) -> None:
    shared = options(server)
    async with node(shared) as writer:
        [receipt] = await writer.send("room", b"text")
    server.kill()
    server.reload(PERMISSIONS.format('publish: {deny: "*.in.>"}'))
    server.start()
    async with node(replace(_as_ann(server), prefix=shared.prefix)) as here:
        assert (await here.broker.subscribe("room")).offset == receipt.offset
        assert [entry.payload for entry in await here.full_history("room")] == [b"text"]
        for _ in range(2):
            with pytest.raises(WritesRefused, match="grant the user"):
                await here.broker.publish("room", b"new", key="key")
        with pytest.raises(WritesRefused, match="permissions violation"):
            await here.broker.probe()
        assert not await _writable(here)
        server.reload(PERMISSIONS.format(""))
        await until(lambda: _writable(here))
        assert not (await here.broker.publish("room", b"new", key="key")).duplicate
        assert [entry.payload for entry in await here.full_history("room")] == [b"text", b"new"]
        assert here.received.states == []


CALLS: Final[dict[str, Callable[[BrokerNode], Awaitable[object]]]] = {
    "publish": lambda here: here.broker.publish("Bad", b"text", key="key"),
    "subscribe": lambda here: here.broker.subscribe("Bad"),
}


@pytest.mark.parametrize("right", CALLS)
async def test_a_permission_that_one_room_lacks_costs_no_other_room(right: str) -> None:
    config = PERMISSIONS.format(f'{right}: {{deny: ["*.in.Bad", "*.out.Bad"]}}')
    with running(NatsServer(config=config)) as server:
        await _lacks_one_room(_as_ann(server), CALLS[right])


async def _lacks_one_room(shared: BrokerOptions, call: Callable[[BrokerNode], Awaitable[object]]) -> None:
    async with node(shared) as here:
        await here.broker.subscribe("good")
        for _ in range(3):
            with pytest.raises(Unavailable, match=r"permissions violation.*grant the user"):
                await call(here)
        here.broker.emit("Bad", b"signal")
        await here.send("good", b"text")
        await here.received.count(1)
        await here.broker.probe()
        assert here.received.states == []
        assert await _writable(here)


def _limited(rooms: int) -> str:
    """Allow the subscriptions of so many rooms, and those of a node itself: replies and probes."""
    return f"max_subscriptions: {2 + 2 * rooms}"


async def test_one_room_too_many_is_refused_alone() -> None:
    with running(NatsServer(config=_limited(3))) as server:
        await _has_space_for_three(options(server))


async def _has_space_for_three(shared: BrokerOptions) -> None:
    async with node(shared) as here:
        rooms = [f"room {number}" for number in range(8)]
        joined = await asyncio.gather(*map(here.broker.subscribe, rooms), return_exceptions=True)
        refused = [result for result in joined if isinstance(result, BaseException)]
        assert [type(result) for result in joined[:3]] == [type(joined[0])] * 3
        assert len(refused) == 5
        assert all(isinstance(error, Unavailable) for error in refused)
        assert all("maximum subscriptions exceeded" in str(error) for error in refused)
        for room in rooms:
            await here.send(room, room.encode())
        await here.received.count(3)
        assert [entry.room for entry in here.received.entries] == rooms[:3]
        await here.broker.unsubscribe(rooms[0])
        assert (await here.broker.subscribe(rooms[7])).offset
        with pytest.raises(Unavailable, match="raise max_subscriptions"):
            await here.broker.subscribe(rooms[0])
        assert here.received.states == []


async def test_an_odd_limit_leaves_no_half_subscribed_room() -> None:
    with running(NatsServer(config="max_subscriptions: 5")) as server:
        await _has_space_for_one_and_a_half(options(server))


async def _has_space_for_one_and_a_half(shared: BrokerOptions) -> None:
    async with node(shared) as here:
        await here.broker.subscribe("fits")
        for _ in range(3):
            with pytest.raises(Unavailable, match="maximum subscriptions exceeded"):
                await here.broker.subscribe("fits by half")
        await here.send("fits by half", b"unheard")
        await here.send("fits", b"received")
        await here.received.count(1)
        assert [entry.payload for entry in here.received.entries] == [b"received"]


async def test_rooms_that_are_refused_after_an_outage_return_when_there_is_space(server: NatsServer) -> None:
    rooms = [f"room {number}" for number in range(5)]
    async with node(options(server, timeout=1.0)) as here:
        for room in rooms:
            await here.broker.subscribe(room)
        server.kill()
        server.reload(_limited(3))
        server.start()
        await here.received.until(lambda received: received.states == ["lost", "restored"])
        assert here.broker.stats()["refused_rooms"] == 2.0
        for room in rooms:
            await here.send(room, b"first")
        await here.received.count(3)
        for room in rooms[:2]:
            await here.broker.unsubscribe(room)
        await here.received.until(lambda received: received.states == ["lost", "restored", "restored"])
        for room in rooms[3:]:
            await here.send(room, b"second")
        await here.received.count(5)
        assert [entry.room for entry in here.received.entries] == rooms
        assert here.broker.stats()["refused_rooms"] == 0.0


async def test_the_largest_payload_of_a_user_is_known_and_the_connection_lives(tmp_path: Path) -> None:
    config, creds = operated(payload=8000)
    (tmp_path / "creds").write_text(creds)
    with running(NatsServer(config=config)) as server:
        url = f"{server.url}?creds={tmp_path / 'creds'}"
        async with node(options(server, url=url)) as here:
            with pytest.raises(BrokerRefused, match="max_payload"):
                await here.broker.publish("room", b"x" * 9000, key="large")
            here.broker.emit("room", b"x" * 9000)
            await here.send("room", b"x" * 7000)
            assert here.received.states == []
