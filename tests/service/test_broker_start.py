"""A node that starts while its broker is unreachable waits for it: live, but not ready."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from typing_extensions import override

from brokers.base import Broker, BrokerOptions, Listener
from brokers.errors import Misconfigured, Unavailable
from brokers.memory import MemoryBroker
from service.runtime.broker_start import BrokerStart
from service.runtime.process import ShutdownSignal
from service.runtime.tasks import Tasks
from service.server import Running, running
from service.settings import load
from service.shutdown import serve_until
from tests.faults.faulty import FaultyBroker
from tests.service.peer import Peer
from tests.service.serving import QUICK


@asynccontextmanager
async def _waiting(broker: Broker, **settings: str) -> AsyncIterator[Running]:
    async with running(load(QUICK | settings), broker) as here:
        yield here


def _away() -> FaultyBroker:
    broker = FaultyBroker(MemoryBroker(BrokerOptions()))
    broker.cut()
    return broker


async def _status(here: Running, path: str) -> tuple[int, str]:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{here.port}{path}")
        return response.status_code, response.text


async def test_a_waiting_node_is_live_and_not_ready_until_the_broker_is_reachable() -> None:
    broker = _away()
    async with _waiting(broker) as here:
        assert (await _status(here, "/health/live"))[0] == 200
        status, said = await _status(here, "/health/ready")
        assert status == 503
        assert "waiting for the broker" in said
        assert "hubbub_broker_up 0.0" in (await _status(here, "/metrics"))[1]
        broker.mend()
        await here.node.broker_start.done
        assert (await _status(here, "/health/ready"))[0] == 200
        async with asyncio.timeout(10):  # a page of metrics is kept for 50 times as long as it took
            while "hubbub_broker_up 1.0" not in (await _status(here, "/metrics"))[1]:
                pass


@pytest.mark.parametrize("protocol", ["hubbub.v1", None])
async def test_clients_of_a_waiting_node_are_sent_away_and_come_back(protocol: str | None) -> None:
    broker = _away()
    async with _waiting(broker, HUBBUB_API_KEY="0123456789abcdef") as here:
        peer = await Peer.connect(here.port)
        await peer.upgrade(protocol=protocol)
        assert await peer.closed() == 4001
        peer.disconnect()
        headers = {"authorization": "Bearer 0123456789abcdef"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}", headers=headers) as client:
            for answer in (
                await client.post("/api/rooms/room/messages", json={"text": "a"}),
                await client.get("/api/rooms/room/messages"),
                await client.get("/api/rooms"),
            ):
                assert answer.status_code == 503, answer.text
        broker.mend()
        await here.node.broker_start.done
        peer = await Peer.connect(here.port)
        await peer.upgrade()
        assert (await peer.ask("hello"))["type"] == "welcome"
        peer.disconnect()


async def test_a_signal_ends_the_wait() -> None:
    shutdown = ShutdownSignal()
    async with _waiting(_away()) as here:
        shutdown.receive(signal.SIGTERM)

        async def never() -> None:
            pytest.fail("it has not started")

        assert await serve_until(shutdown, here.node, never) == signal.SIGTERM


class Later(MemoryBroker):
    """Raises an error at each start but those that succeed."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(BrokerOptions())
        self._errors = list(errors)

    @override
    async def start(self, listener: Listener) -> None:
        if self._errors:
            raise self._errors.pop(0)
        await super().start(listener)


async def test_a_node_that_must_not_wait_does_not() -> None:
    with pytest.raises(Unavailable):
        async with _waiting(_away(), HUBBUB_START_SECONDS="0"):
            pass


async def test_the_wait_has_a_limit_and_ends_with_the_last_reason() -> None:
    async with _waiting(_away(), HUBBUB_START_SECONDS="0.5") as here:
        with pytest.raises(Unavailable):
            await asyncio.shield(here.node.broker_start.done)
        assert "waiting for the broker" in (await _status(here, "/health/ready"))[1]


@pytest.mark.parametrize("before", [[], [Unavailable("not yet"), Unavailable("not yet")]])
async def test_a_wrong_setting_ends_the_start_at_once(before: list[Exception]) -> None:
    broker = Later(*before, Misconfigured("set something else"))
    with pytest.raises(Misconfigured, match="something else"):
        async with _waiting(broker) as here:
            await here.node.broker_start.done


async def test_a_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    reasons = iter(["a", "a", "b", "b"])

    async def start() -> None:
        for reason in reasons:
            raise Unavailable(reason)

    tasks = Tasks()
    beginning = BrokerStart(start, tasks, 60.0)
    await beginning.begin()
    await beginning.done
    await tasks.close()
    assert beginning.waiting == ""
    assert [record.__dict__["reason"] for record in caplog.records] == ["a", "b"]
