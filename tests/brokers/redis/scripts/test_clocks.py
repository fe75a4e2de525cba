"""A clock that is wrong, or is corrected, does not expire fresh entries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from brokers.base import BrokerOptions, Retention
from brokers.redis import RedisBroker
from brokers.redis.clock import SteadyClock
from brokers.testing.recorder import BrokerNode
from tests.brokers.redis.stage import Stage, stage
from tests.contract.redis_server import RedisServer
from tests.contract.server import running

AGE = 7 * 24 * 3600.0
KEEPING = BrokerOptions(retention=Retention(age=AGE))
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.fixture
async def on() -> AsyncIterator[Stage]:
    async with stage(KEEPING) as opened:
        yield opened


def set_clock(node: BrokerNode, seconds: float) -> None:
    """Shift the clock of a node."""
    assert isinstance(node.broker, RedisBroker)
    assert node.broker._node  # noqa: SLF001 - a node's clock can't be set from outside
    node.broker._node.clock._zero += seconds  # noqa: SLF001 - see above


async def payloads(node: BrokerNode) -> list[bytes]:
    return [entry.payload for entry in await node.full_history("room")]


def test_a_steady_clock_is_not_moved_by_a_correction(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SteadyClock()
    before = clock.milliseconds()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert before <= clock.milliseconds() < before + 60_000


@pytest.mark.parametrize("seconds", [2 * AGE, -2 * AGE])
async def test_a_node_with_a_wrong_clock_expires_nothing(on: Stage, seconds: float) -> None:
    await on.here.send("room", b"one")
    set_clock(on.there, seconds)
    assert await payloads(on.there) == [b"one"]
    await on.there.send("room", b"two")
    assert await payloads(on.here) == [b"one", b"two"]
    await on.here.send("room", b"three")
    assert await payloads(on.there) == [b"one", b"two", b"three"]


async def test_an_entry_that_is_old_by_both_clocks_expires(on: Stage) -> None:
    await on.here.send("room", b"one")
    then = int(((await on.redis.time())[0] - AGE - 60) * 1000)
    await on.redis.delete(on.keyspace.stream("room"))
    await on.redis.xadd(on.keyspace.stream("room"), {"p": b"one", "t": then, "b": 0}, id="1-0")
    assert await payloads(on.here) == []


async def test_a_sweep_trims_rooms_that_are_neither_read_nor_written() -> None:
    async with stage(BrokerOptions(retention=Retention(age=100.0))) as on:
        for room in ("old", "young"):
            await on.here.send(room, b"text")
        then = int((await on.redis.time())[0] * 1000) - 101_000
        await on.redis.delete(on.keyspace.stream("old"))
        await on.redis.xadd(on.keyspace.stream("old"), {"p": b"text", "t": then, "b": 0}, id="1-0")
        await on.redis.zadd(on.keyspace.rooms, {"old": 1, "young": 2})
        assert isinstance(on.here.broker, RedisBroker)
        assert on.here.broker._node  # noqa: SLF001 - sweeps are minutes apart
        await on.here.broker._node.room_retention.sweep()  # noqa: SLF001 - see above
        assert await on.redis.xlen(on.keyspace.stream("old")) == 0
        assert await on.redis.xlen(on.keyspace.stream("young")) == 1
        assert (await on.here.broker.heads(["old"]))["old"].offset == 1


async def test_a_lifetime_that_an_earlier_version_set_ends_with_the_next_entry(on: Stage) -> None:
    await on.here.send("room", b"one")
    await on.redis.pexpire(on.keyspace.stream("room"), 60_000)
    await on.here.send("room", b"two")
    assert await on.redis.ttl(on.keyspace.stream("room")) == -1


class WrongClock:
    """The clock of a server, which can be set (libfaketime)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.set(0)

    def set(self, seconds: float) -> None:
        self._path.write_text(f"{seconds:+.0f}\n")


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WrongClock:
    if not FAKETIME:
        pytest.skip("needs libfaketime (a package of Debian); the tests above shift a node's clock instead")
    clock = WrongClock(tmp_path / "clock")
    for name, value in {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(tmp_path / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return clock


@pytest.mark.parametrize("seconds", [-2 * AGE, 2 * AGE])
async def test_a_server_whose_clock_is_corrected_expires_nothing(clock: WrongClock, seconds: float) -> None:
    with running(RedisServer("--appendonly", "yes")) as server:
        async with stage(KEEPING, server=server) as on:
            [(now, _)] = [await on.redis.time()]
            clock.set(seconds)
            assert abs((await on.redis.time())[0] - now - seconds) < 60
            await on.here.send("room", b"one", b"two")
            clock.set(0)
            assert await payloads(on.here) == [b"one", b"two"]
            await on.here.send("room", b"three")
            assert await payloads(on.there) == [b"one", b"two", b"three"]
            clock.set(seconds)
            assert await payloads(on.there) == [b"one", b"two", b"three"]
