"""The Lua scripts are packaged, and loaded again on each path after a server has lost them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.redis import RedisBroker
from brokers.redis.scripts.library import (
    CHECK_PERMISSIONS,
    EVICT_ROOM,
    HISTORY,
    PUBLISH,
    LuaScript,
    load_script,
)
from brokers.testing.recorder import chained
from tests.brokers.redis.stage import Stage, own_server, stage

ROOT = Path(__file__).parents[4]
LOADED_AT_START = (PUBLISH, HISTORY, EVICT_ROOM, CHECK_PERMISSIONS)


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    async with stage() as opened:
        yield opened


async def loaded(on: Stage, *scripts: LuaScript) -> list[bool]:
    found = await on.redis.script_exists(*(script.digest for script in scripts))
    return [bool(each) for each in found]


def test_constants_and_functions_stand_before_the_script_that_uses_them() -> None:
    script = load_script("clock", "evict_room", ANSWER=42)
    texts = [
        files("brokers.redis.scripts").joinpath(f"{name}.lua").read_text() for name in ("clock", "evict_room")
    ]
    assert script.text == "\n".join(["local ANSWER = 42\n", *texts])


def test_the_wheel_contains_every_script(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".lua")}
    assert (
        packed == {path.relative_to(ROOT).as_posix() for path in (ROOT / "brokers").rglob("*.lua")} != set()
    )


async def test_the_digest_is_the_one_that_redis_computes(on: Stage) -> None:
    for script in LOADED_AT_START:
        assert await on.redis.script_load(script.text) == script.digest


async def test_a_start_loads_the_scripts() -> None:
    with own_server() as server:
        async with stage(server=server) as on:
            assert await loaded(on, *LOADED_AT_START) == [True, True, True, True]


async def test_a_publish_after_a_script_flush_loads_the_script_and_is_stored_once() -> None:
    with own_server() as server:
        async with stage(server=server) as on:
            await on.there.broker.subscribe("room")
            for number in range(3):
                await on.redis.script_flush()
                payload = b"%d" % number
                answers = [
                    on.here.broker.publish("room", payload, key=on.here.fresh_key()) for _ in range(20)
                ]
                assert not any(receipt.duplicate for receipt in await asyncio.gather(*answers))
                assert await loaded(on, PUBLISH) == [True]
            await on.there.received.count(60)
            assert chained(on.there.received.entries)
            assert on.there.received.entries == await on.here.full_history("room")


async def test_a_retry_after_a_script_flush_is_still_a_duplicate() -> None:
    with own_server() as server:
        async with stage(server=server) as on:
            first = await on.here.broker.publish("room", b"text", key="key")
            await on.redis.script_flush()
            assert await on.there.broker.publish("room", b"text", key="key") == first._replace(duplicate=True)


async def test_a_read_after_a_script_flush_sends_the_whole_script() -> None:
    with own_server() as server:
        async with stage(server=server) as on:
            await on.here.send("room", b"text")
            await on.redis.script_flush()
            assert [entry.payload for entry in await on.there.full_history("room")] == [b"text"]
            assert await loaded(on, HISTORY, PUBLISH) == [True, False]


async def test_rooms_are_evicted_after_a_script_flush() -> None:
    with own_server() as server:
        async with stage(BrokerOptions(retention=Retention(rooms=2, age=1.0)), server=server) as on:
            for place, room in enumerate(("old", "new")):
                await on.here.send(room, b"text")
                await on.redis.zadd(on.keyspace.rooms, {room: place})
                await asyncio.sleep(1.0 - place)
            await on.redis.script_flush()
            broker = on.here.broker
            assert isinstance(broker, RedisBroker)
            assert broker._node  # noqa: SLF001 - retention is enforced once a minute only
            await broker._node.room_retention.enforce()  # noqa: SLF001 - see above
            assert await on.redis.zrange(on.keyspace.rooms, 0, -1) == [b"new"]


async def test_a_reconnect_after_a_restart_loads_the_scripts() -> None:
    with own_server() as server:
        async with stage(BrokerOptions(timeout=1.0), server=server) as on:
            await on.here.send("room", b"before")
            server.kill()
            await asyncio.to_thread(server.start)
            for node in (on.here, on.there):
                await node.received.until(lambda received: received.states == ["lost", "restored"])
            assert await loaded(on, *LOADED_AT_START) == [True, True, True, True]
            await on.there.send("room", b"after")
            assert [entry.payload for entry in await on.here.full_history("room")] == [b"before", b"after"]


async def test_nodes_of_two_versions_share_rooms_keys_and_order(on: Stage) -> None:
    """During a rolling update two versions of a script have two digests, and run on the same data."""
    other = LuaScript(f"-- another version\n{PUBLISH.text}")
    identity = (await on.redis.info("replication"))["master_replid"]
    await on.redis.script_load(other.text)

    async def publish_as_other(payload: bytes, key: str) -> list[bytes | int]:
        keys = (on.keyspace.head("room"), on.keyspace.stream("room"), on.keyspace.key("room", key))
        limits = (1000, 1_000_000, 0, 300_000)
        target = (on.keyspace.channel("room"), 0, 0, "", "PUBLISH", identity)
        answer: list[bytes | int] = await on.redis.evalsha(
            other.digest, 3, *keys, payload, "other.1", *limits, *target
        )
        return answer

    await on.there.broker.subscribe("room")
    first = await on.here.broker.publish("room", b"0", key="0")
    epoch = first.epoch.encode()
    assert await publish_as_other(b"1", "1") == [epoch, first.offset + 1, 0, b""]
    [third] = await on.here.send("room", b"2")
    assert third.offset == first.offset + 2
    assert await publish_as_other(b"0", "0") == [epoch, first.offset, 1, b""]
    assert (await on.here.broker.publish("room", b"1", key="1")).duplicate
    assert await loaded(on, PUBLISH, other) == [True, True]
    await on.there.received.count(3)
    assert on.there.received.payloads("room") == [b"0", b"1", b"2"]
    assert chained(on.there.received.entries)
