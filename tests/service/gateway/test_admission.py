"""The connection rate limit: admitted connections, slots, and rejected clients."""

from __future__ import annotations

import asyncio
import json
import logging
from time import monotonic

import pytest

from hubbub_client import Client
from service.gateway.admission import BOOKED, GRACE, LONGEST, Admission
from service.runtime.metrics import Metrics
from tests.service.peer import Ended, Peer
from tests.service.serving import quick, serving, until

RATE, BURST = 10.0, 5


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def admission(clock: Clock) -> Admission:
    settings = quick(admissions_per_second=RATE, admissions_burst=BURST)
    return Admission(settings, Metrics(), clock=clock)


def test_a_burst_of_connections_is_admitted(admission: Admission) -> None:
    assert [admission.take() for _ in range(BURST)] == [0.0] * BURST
    assert admission.take() > 0


def test_rejected_clients_get_consecutive_slots(admission: Admission) -> None:
    for _ in range(BURST):
        admission.take()
    waits = [admission.take() for _ in range(20)]
    assert waits == pytest.approx([(place + 1) / RATE for place in range(20)])


def test_a_client_that_returns_at_its_slot_is_admitted(admission: Admission, clock: Clock) -> None:
    waits = [wait for _ in range(50) if (wait := admission.take())]
    begin = clock.now
    for wait in waits:
        clock.now = begin + wait
        assert admission.take(booked=True) == 0.0


def test_newcomers_get_slots_after_late_clients(admission: Admission, clock: Clock) -> None:
    begin, waits = clock.now, [wait for _ in range(BURST + 3) if (wait := admission.take())]
    clock.now = begin + waits[1]
    assert admission.take() == pytest.approx(waits[2] + 1 / RATE - waits[1])
    assert [admission.take(booked=True) for _ in waits[:2]] == [0.0, 0.0]


def test_unused_slots_go_to_newcomers(admission: Admission, clock: Clock) -> None:
    for _ in range(BURST + 10):
        admission.take()
    clock.now += 0.9
    reserve = BURST / 2
    assert [admission.take() for _ in range(BURST)].count(0.0) == int(BURST - reserve)
    assert [admission.take(booked=True) for _ in range(BURST)].count(0.0) == int(reserve) + 1


def test_a_client_without_a_token_at_its_slot_precedes_newcomers(admission: Admission, clock: Clock) -> None:
    for _ in range(BURST + 30):
        admission.take()
    waits = [admission.take(booked=True) for _ in range(3)]
    assert waits == pytest.approx([1 / RATE, 2 / RATE, 3 / RATE])
    clock.now += 1 / RATE
    assert admission.take() > 29 / RATE


def test_newcomers_get_slots_after_the_booked_ones(admission: Admission, clock: Clock) -> None:
    waits = [wait for _ in range(15) if (wait := admission.take())]
    clock.now += 0.05
    assert admission.take() + 0.05 == pytest.approx(waits[-1] + 1 / RATE)


def test_after_a_quiet_time_a_burst_is_admitted_again(admission: Admission, clock: Clock) -> None:
    for _ in range(100):
        admission.take()
    clock.now += 100 / RATE + GRACE
    assert [admission.take() for _ in range(BURST)] == [0.0] * BURST
    assert admission.take() == pytest.approx(1 / RATE)


def test_the_wait_is_bounded_and_spread(admission: Admission) -> None:
    waits = [admission.take() for _ in range(1000)]
    assert max(waits) <= LONGEST
    beyond = waits[-100:]
    assert min(beyond) > BOOKED, "they would book a slot"
    assert len(set(beyond)) > 50, "they would return all at once"


def test_a_storm_is_counted_and_logged_at_an_interval(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    admission = Admission(quick(admissions_per_second=RATE, admissions_burst=BURST), metrics, clock=clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(25):
            admission.reject(1.0)
        clock.now += 11
        admission.reject(1.0)
    assert metrics.connections_rate_limited == 26
    assert [record.getMessage() for record in caplog.records] == [
        "connection_rate_limited",
        "connection_rate_limited",
    ]


SPLIT = 60


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in pieces"])
async def test_a_rejected_client_receives_the_time_to_reconnect(*, whole: bool) -> None:
    async with serving(admissions_per_second=0.1, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        handshake = Peer.handshake()
        if whole:
            await peer.write(handshake)
        else:
            await peer.write(handshake[:SPLIT])
            await asyncio.sleep(0.01)
            await peer.write(handshake[SPLIT:])
        assert " 101 " in await peer.head()
        drain = await peer.event("drain")
        assert 9_000 < int(str(drain["delay"])) <= 10_000
        assert drain["booked"] is True
        assert await peer.closed() == 4001
        assert served.node.metrics.connections_rate_limited == 1


async def test_a_time_that_is_too_far_ahead_books_no_slot() -> None:
    async with serving(admissions_per_second=0.01, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake())
        await peer.head()
        drain = await peer.event("drain")
        assert BOOKED * 1000 < int(str(drain["delay"])) <= LONGEST * 1000
        assert "booked" not in drain


@pytest.mark.parametrize("protocol", ["hubbub.v1", None])
async def test_a_client_with_a_booked_slot_precedes_newcomers(protocol: str | None) -> None:
    async with serving(admissions_per_second=5.0, admissions_burst=1) as served:
        await served.welcomed("ann")
        # Ten of them get a slot within the two seconds that a handshake waits.
        waiting = [await served.peer() for _ in range(12)]
        for peer in waiting[:-1]:
            await peer.write(Peer.handshake(protocol=protocol))
        await until(lambda: served.node.metrics.connections_rate_limited)
        await waiting[-1].write(Peer.handshake("/ws?room=lobby&booked=1", protocol=protocol))
        assert " 101 " in await waiting[-1].head()
        assert served.node.metrics.connections_rate_limited


async def test_a_rejected_plain_client_receives_503_with_retry_after() -> None:
    async with serving(admissions_per_second=0.1, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake("/ws?room=lobby", protocol=None))
        head = await peer.head()
        assert head.startswith("HTTP/1.1 503 ")
        assert "retry-after: 10\r\n" in head.lower()


@pytest.mark.parametrize("protocol", ["hubbub.v1", None])
async def test_a_handshake_with_a_slot_soon_is_answered_then(protocol: str | None) -> None:
    async with serving(admissions_per_second=5.0, admissions_burst=1) as served:
        peers = [await served.upgraded(protocol=protocol) for _ in range(4)]
        assert len(served.node.connections) == len(peers)
        assert served.node.metrics.connections_rate_limited == 0


async def test_a_client_that_sends_before_the_response_is_aborted() -> None:
    async with serving(admissions_per_second=0.6, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake())
        with pytest.raises((ConnectionError, Ended)):
            await keep_sending(peer)
        assert served.node.metrics.connections_rate_limited == 0


async def test_a_rejected_client_that_stays_is_aborted_in_time() -> None:
    async with serving(admissions_per_second=0.1, admissions_burst=1, close_seconds=0.1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake())
        await peer.rest()
        with pytest.raises(ConnectionError):
            await keep_sending(peer)


async def test_a_wave_of_clients_is_admitted_at_the_set_rate() -> None:
    rate, burst = 100.0, 5
    async with serving(admissions_per_second=rate, admissions_burst=burst) as served, asyncio.timeout(20):
        started = monotonic()
        clients = [Client(f"ws://127.0.0.1:{served.port}", name=f"p{number}") for number in range(40)]
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(connect_and_send(client))
        assert served.node.metrics.connections_rate_limited == 0
        assert len(clients) <= burst + rate * (monotonic() - started)


async def keep_sending(peer: Peer) -> None:
    while True:
        await peer.write(b"still here")
        await asyncio.sleep(0.01)


async def connect_and_send(client: Client) -> None:
    async with client:
        room = await client.join("lobby")
        await room.send(json.dumps(client.user))
