"""A scope pauses after each caller, for as long as the caller took."""

from __future__ import annotations

import pytest

from service.runtime.paced_queue import PacedQueue, Pauses


def test_a_pause_is_as_long_as_the_call_and_its_factor_say() -> None:
    pauses = Pauses(3.0, 1.0)
    pauses.begin("ann", 10.0, 10.01)
    assert pauses.left("ann", 10.01) == pytest.approx(0.03)
    assert pauses.left("bob", 10.01) == 0.0
    pauses.begin("ann", 10.1, 20.0)
    assert (pauses.left("ann", 20.0), pauses.left("ann", 21.5)) == (1.0, 0.0)
    pauses.begin("bob", 21.5, 21.51)
    assert len(pauses) == 1, "a pause that is over is forgotten"


async def test_the_next_caller_of_a_scope_waits_for_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, waits = PacedQueue(2.0, 1.0), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("service.runtime.paced_queue.asyncio.sleep", sleep)
    times = iter([0.0, 0.2, 0.3, 1.0, 2.0, 2.0])
    monkeypatch.setattr("service.runtime.paced_queue.perf_counter", lambda: next(times))
    for scope in ("ann", "ann", "bob"):
        async with queue.turn(scope):
            assert queue.callers(scope) == 1
    assert waits == [pytest.approx(0.2 + 0.2 * 2.0 - 0.3)]
    assert queue.callers("ann") == 0
