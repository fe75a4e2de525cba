"""The streams are created once and checked by every node; an incompatible one is explained."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from nats.aio.client import Client
from nats.js.api import StreamConfig

from brokers.base import BrokerOptions, Retention
from brokers.errors import BrokerRefused, Misconfigured, Unavailable
from brokers.nats import NatsBroker
from brokers.testing.recorder import Recorder
from tests.brokers.nats.nodes import node, operator, options
from tests.contract.nats_cluster import ask
from tests.contract.nats_server import NatsServer, shared_nats
from tests.contract.server import running


async def _config(client: Client, name: str) -> dict[str, object]:
    answer = await client.request(f"$JS.API.STREAM.INFO.{name}", timeout=5)
    config: dict[str, object] = json.loads(answer.data)["config"]
    return config


async def _refused(options: BrokerOptions) -> str:
    broker = NatsBroker(options)
    with pytest.raises(Misconfigured) as raised:
        await broker.start(Recorder())
    await broker.close()
    return str(raised.value)


async def test_a_stream_is_made_with_the_bounds_of_the_options() -> None:
    shared = options(
        shared_nats(), retention=Retention(entries=9, age=3600.0, rooms=50, total=10**8), key_window=60.0
    )
    async with node(shared), operator(shared.url) as client:
        entries = await _config(client, f"{shared.prefix}_entries")
        heads = await _config(client, f"{shared.prefix}_heads")
    assert (entries["max_msgs_per_subject"], entries["max_bytes"]) == (10, 10**8), "one more than is visible"
    assert (entries["max_age"], entries["duplicate_window"]) == (3600 * 10**9, 60 * 10**9)
    assert (entries["discard"], heads["discard"]) == ("new", "old"), "no room takes another's entries"
    assert (heads["max_msgs"], heads["max_msgs_per_subject"], heads["max_age"]) == (51, 1, 0)


async def test_a_node_with_other_bounds_sets_them_and_nothing_is_lost() -> None:
    shared = options(shared_nats(), retention=Retention(entries=9))
    async with node(shared) as first:
        [receipt] = await first.send("room", b"kept")
        changed = replace(shared, retention=Retention(entries=5, age=60.0), key_window=30.0)
        async with node(changed) as second, operator(shared.url) as client:
            assert (await _config(client, f"{shared.prefix}_entries"))["max_msgs_per_subject"] == 6
            [entry] = await second.full_history("room")
            assert (entry.epoch, entry.offset) == (receipt.epoch, receipt.offset)
            await second.send("room", *[b"text"] * 7)
            assert len(await second.full_history("room")) == 5


async def test_a_stream_that_is_used_for_something_else_is_refused_with_what_differs() -> None:
    shared = options(shared_nats())
    async with operator(shared.url) as client:
        name = f"{shared.prefix}_entries"
        await client.jetstream().add_stream(StreamConfig(name=name, subjects=[f"{shared.prefix}.in.*"]))
    said = await _refused(shared)
    assert f"stream '{name}'" in said
    assert "republish is None" in said
    assert "HUBBUB_PREFIX" in said


async def test_subjects_that_another_stream_takes_are_refused() -> None:
    shared = options(shared_nats())
    async with operator(shared.url) as client:
        await client.jetstream().add_stream(
            StreamConfig(name=f"{shared.prefix}-theirs", subjects=[f"{shared.prefix}.>"])
        )
    assert "subjects overlap" in await _refused(shared)


async def test_a_server_without_jetstream_is_explained() -> None:
    with running(NatsServer(jetstream=False)) as server:
        assert "start nats-server with -js" in await _refused(options(server))


async def test_a_wrong_password_is_explained_without_repeating_it() -> None:
    with running(NatsServer("--user", "ann", "--pass", "secret")) as server:
        said = await _refused(options(server, url=server.url.replace("://", "://ann:wrong@")))
        assert "NATS_URL" in said
        assert "wrong" not in said
        async with node(options(server, url=server.url.replace("://", "://ann:secret@"))) as works:
            await works.broker.probe()


async def test_missing_rights_are_named() -> None:
    users = '{ user: ann, password: secret, permissions: { publish: { deny: "$JS.>" } } }'
    with running(NatsServer(config=f"authorization {{ users: [{users}] }}")) as server:
        said = await _refused(options(server, url=server.url.replace("://", "://ann:secret@")))
    assert "$js.api.stream.info" in said.lower()
    assert "grant the user" in said


async def test_what_is_larger_than_the_server_takes_is_refused_and_the_connection_lives() -> None:
    async with node(options(shared_nats())) as here:
        for size in (1024 * 1024, 1024 * 1024 - 20, 3 * 1024 * 1024):
            with pytest.raises(BrokerRefused, match="max_payload"):
                await here.broker.publish("room", b"x" * size, key="key")
        here.broker.emit("room", b"x" * 1024 * 1024)
        await here.send("room", b"text")
        assert here.received.states == []


async def test_an_unreachable_server_is_unavailable() -> None:
    broker = NatsBroker(BrokerOptions(url="nats://127.0.0.1:1", timeout=1.0))
    with pytest.raises(Unavailable):
        await broker.start(Recorder())
    await broker.close()


async def test_one_server_of_several_is_enough() -> None:
    url = f"nats://127.0.0.1:1,{shared_nats().url}"
    for _ in range(4):  # in random order
        async with node(options(shared_nats(), url=url)) as here:
            await here.broker.probe()


@pytest.mark.parametrize("leftover", [False, True])
async def test_nodes_that_start_together_wait_for_each_others_streams(*, leftover: bool) -> None:
    for _ in range(20):
        shared = options(shared_nats())
        if leftover:
            await _leave_heads(shared)
        async with AsyncExitStack() as ends:
            starting = [ends.enter_async_context(node(shared)) for _ in range(4)]
            nodes = await asyncio.gather(*starting)
            for each in nodes:
                await each.broker.subscribe("room")
            [receipt] = await nodes[0].send("room", b"text")
            for each in nodes:
                await each.received.count(1)
                assert (each.received.entries[0].epoch, each.received.states) == (receipt.epoch, [])
            assert receipt.offset == 1


async def _leave_heads(shared: BrokerOptions) -> None:
    """Leave the heads of rooms whose entries are gone with their stream."""
    async with node(shared) as here, operator(shared.url) as client:
        await here.send("room", b"old", b"old")
        await here.broker.probe()
        await here.broker.close()
        assert "error" not in await ask(client, f"STREAM.DELETE.{shared.prefix}_entries")
