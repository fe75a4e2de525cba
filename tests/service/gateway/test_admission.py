"""How many may come in at once, and when the others are to come back."""

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


def test_as_many_as_may_come_at_once_are_let_in(admission: Admission) -> None:
    assert [admission.ask() for _ in range(BURST)] == [0.0] * BURST
    assert admission.ask() > 0


def test_those_who_are_turned_away_are_given_times_one_behind_the_other(admission: Admission) -> None:
    for _ in range(BURST):
        admission.ask()
    waits = [admission.ask() for _ in range(20)]
    assert waits == pytest.approx([(place + 1) / RATE for place in range(20)])


def test_who_comes_back_at_that_time_is_let_in(admission: Admission, clock: Clock) -> None:
    waits = [wait for _ in range(50) if (wait := admission.ask())]
    begin = clock.now
    for wait in waits:
        clock.now = begin + wait
        assert admission.ask(booked=True) == 0.0


def test_newcomers_are_put_behind_those_who_are_late(admission: Admission, clock: Clock) -> None:
    begin, told = clock.now, [wait for _ in range(BURST + 3) if (wait := admission.ask())]
    clock.now = begin + told[1]
    assert admission.ask() == pytest.approx(told[2] + 1 / RATE - told[1])
    assert [admission.ask(booked=True) for _ in told[:2]] == [0.0, 0.0]


def test_places_that_nobody_takes_are_for_newcomers(admission: Admission, clock: Clock) -> None:
    for _ in range(BURST + 10):
        admission.ask()
    clock.now += 0.9
    reserve = BURST / 2
    assert [admission.ask() for _ in range(BURST)].count(0.0) == int(BURST - reserve)
    assert [admission.ask(booked=True) for _ in range(BURST)].count(0.0) == int(reserve) + 1


def test_who_finds_no_room_at_its_time_waits_ahead_of_the_newcomers(
    admission: Admission, clock: Clock
) -> None:
    for _ in range(BURST + 30):
        admission.ask()
    waits = [admission.ask(booked=True) for _ in range(3)]
    assert waits == pytest.approx([1 / RATE, 2 / RATE, 3 / RATE])
    clock.now += 1 / RATE
    assert admission.ask() > 29 / RATE


def test_who_comes_meanwhile_is_put_behind_those_who_were_told(admission: Admission, clock: Clock) -> None:
    told = [wait for _ in range(15) if (wait := admission.ask())]
    clock.now += 0.05
    assert admission.ask() + 0.05 == pytest.approx(told[-1] + 1 / RATE)


def test_after_a_quiet_time_nobody_waits(admission: Admission, clock: Clock) -> None:
    for _ in range(100):
        admission.ask()
    clock.now += 100 / RATE + GRACE
    assert [admission.ask() for _ in range(BURST)] == [0.0] * BURST
    assert admission.ask() == pytest.approx(1 / RATE)


def test_nobody_is_sent_away_for_longer_than_a_bound(admission: Admission) -> None:
    waits = [admission.ask() for _ in range(1000)]
    assert max(waits) <= LONGEST
    beyond = waits[-100:]
    assert min(beyond) > BOOKED, "they would be told of a place"
    assert len(set(beyond)) > 50, "they would come back as one wave"


def test_a_storm_is_counted_and_logged_now_and_then(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    admission = Admission(quick(admissions_per_second=RATE, admissions_burst=BURST), metrics, clock=clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(25):
            admission.reject(1.0)
        clock.now += 11
        admission.reject(1.0)
    assert metrics.connections_rate_limited == 26
    assert [record.getMessage() for record in caplog.records] == ["turned_away", "turned_away"]


SPLIT = 60


@pytest.mark.parametrize("whole", [True, False], ids=["at once", "in pieces"])
async def test_who_is_turned_away_reads_when_to_come_back(*, whole: bool) -> None:
    async with serving(admissions_per_second=0.1, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        knock = Peer.handshake()
        if whole:
            await peer.write(knock)
        else:
            await peer.write(knock[:SPLIT])
            await asyncio.sleep(0.01)
            await peer.write(knock[SPLIT:])
        assert " 101 " in await peer.head()
        told = await peer.event("drain")
        assert 9_000 < int(str(told["delay"])) <= 10_000
        assert told["booked"] is True
        assert await peer.closed() == 4001
        assert served.node.metrics.connections_rate_limited == 1


async def test_a_time_that_is_too_far_away_is_no_place() -> None:
    async with serving(admissions_per_second=0.01, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake())
        await peer.head()
        told = await peer.event("drain")
        assert BOOKED * 1000 < int(str(told["delay"])) <= LONGEST * 1000
        assert "booked" not in told


@pytest.mark.parametrize("protocol", ["hubbub.v1", None])
async def test_who_says_that_it_was_told_to_come_now_is_ahead_of_newcomers(protocol: str | None) -> None:
    async with serving(admissions_per_second=5.0, admissions_burst=1) as served:
        await served.welcomed("ann")
        # Ten of them have their turn within the two seconds that one waits for it.
        queue = [await served.peer() for _ in range(12)]
        for waiting in queue[:-1]:
            await waiting.write(Peer.handshake(protocol=protocol))
        await until(lambda: served.node.metrics.connections_rate_limited)
        await queue[-1].write(Peer.handshake("/ws?room=lobby&booked=1", protocol=protocol))
        assert " 101 " in await queue[-1].head()
        assert served.node.metrics.connections_rate_limited


async def test_a_plain_client_that_is_turned_away_reads_it_in_the_answer_to_its_upgrade() -> None:
    async with serving(admissions_per_second=0.1, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake("/ws?room=lobby", protocol=None))
        head = await peer.head()
        assert head.startswith("HTTP/1.1 503 ")
        assert "retry-after: 10\r\n" in head.lower()


@pytest.mark.parametrize("protocol", ["hubbub.v1", None])
async def test_whose_turn_comes_soon_waits_for_the_answer(protocol: str | None) -> None:
    async with serving(admissions_per_second=5.0, admissions_burst=1) as served:
        peers = [await served.upgraded(protocol=protocol) for _ in range(4)]
        assert len(served.node.connections) == len(peers)
        assert served.node.metrics.connections_rate_limited == 0


async def test_who_talks_on_while_it_waits_is_dropped() -> None:
    async with serving(admissions_per_second=0.6, admissions_burst=1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake())
        with pytest.raises((ConnectionError, Ended)):
            await talk_on(peer)
        assert served.node.metrics.connections_rate_limited == 0


async def test_one_that_says_nothing_behind_it_is_let_go() -> None:
    async with serving(admissions_per_second=0.1, admissions_burst=1, close_seconds=0.1) as served:
        await served.welcomed("ann")
        peer = await served.peer()
        await peer.write(Peer.handshake())
        await peer.rest()
        with pytest.raises(ConnectionError):
            await talk_on(peer)


async def test_a_wave_of_clients_comes_in_at_the_rate_that_is_set() -> None:
    rate, burst = 100.0, 5
    async with serving(admissions_per_second=rate, admissions_burst=burst) as served, asyncio.timeout(20):
        started = monotonic()
        clients = [Client(f"ws://127.0.0.1:{served.port}", name=f"p{number}") for number in range(40)]
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(come_and_go(client))
        assert served.node.metrics.connections_rate_limited == 0
        assert len(clients) <= burst + rate * (monotonic() - started)


async def talk_on(peer: Peer) -> None:
    while True:
        await peer.write(b"still here")
        await asyncio.sleep(0.01)


async def come_and_go(client: Client) -> None:
    async with client:
        room = await client.join("lobby")
        await room.send(json.dumps(client.user))
