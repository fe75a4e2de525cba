"""Turns of waiting connections and requests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
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


async def test_a_cancelled_request_does_not_delay_the_next_one() -> None:
    turns = InputTurns(DEFAULTS)
    async with asyncio.TaskGroup() as group:
        cancelled = group.create_task(turns.wait())
        await asyncio.sleep(0)
        cancelled.cancel()
        await turns.wait()
    with suppress(asyncio.CancelledError):
        await cancelled
