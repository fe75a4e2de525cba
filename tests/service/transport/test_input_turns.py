"""Turns of waiting connections and requests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

from service.settings.tuning import DEFAULTS
from service.transport.input_turns import InputTurns


async def test_a_turn_of_the_loop_starts_a_bounded_number_of_requests_in_their_order() -> None:
    turns, started = InputTurns(DEFAULTS), list[int]()

    async def request(number: int) -> None:
        await turns.wait()
        started.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(request(number))
        begun = [0]
        while len(started) < 10:
            await asyncio.sleep(0)
            begun.append(len(started))
    assert max(after - before for before, after in pairwise(begun)) == DEFAULTS.input_shares
    assert started == sorted(started)


class Clock:
    """A clock that each share moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Share:
    """A connection whose share takes `seconds`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self.taken = False

    def take_turn(self) -> None:
        self.taken = True
        self._clock.now += self._seconds


async def test_a_turn_of_the_loop_ends_when_its_time_is_over() -> None:
    clock = Clock()
    turns = InputTurns(replace(DEFAULTS, input_shares=8), clock)
    shares = [Share(clock, DEFAULTS.input_seconds / 2) for _ in range(8)]
    for share in shares:
        turns.add(share)
    taken = []
    while not shares[-1].taken:
        await asyncio.sleep(0)
        taken.append(sum(share.taken for share in shares))
    assert taken == [2, 4, 6, 8]


async def test_a_cancelled_request_does_not_delay_the_next_one() -> None:
    turns = InputTurns(DEFAULTS)
    async with asyncio.TaskGroup() as group:
        cancelled = group.create_task(turns.wait())
        await asyncio.sleep(0)
        cancelled.cancel()
        await turns.wait()
    with suppress(asyncio.CancelledError):
        await cancelled
