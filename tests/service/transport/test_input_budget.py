"""The rate limit of frames: what is spent in advance is waited for, and a flood is recognised."""

from __future__ import annotations

from service.transport.input_budget import InputBudget, InputRate
from tests.service.serving import quick

# Ten tokens a second, twenty at once.
RATE = InputRate.of(
    quick(commands_per_second=6.0, sends_per_second=4.0, commands_burst=15, sends_burst=5, flood_seconds=3.0)
)


def test_tokens_are_those_of_commands_and_of_sends() -> None:
    budget = InputBudget(RATE)
    assert budget.spend(20, 0.0)
    assert not budget.spend(1, 0.0)
    assert round(budget.wait(0.0), 6) == 0.1
    assert budget.wait(0.2) == 0.0


def test_tokens_that_were_spent_in_advance_are_refilled_first() -> None:
    budget = InputBudget(RATE)
    assert not budget.spend(30, 0.0)
    assert round(budget.wait(0.5), 6) == 0.5
    assert not budget.spend(1, 0.9)
    assert budget.spend(1, 1.3)


def test_a_client_at_its_rate_is_never_slowed_down() -> None:
    budget = InputBudget(RATE)
    assert all(budget.spend(1, turn / 10) for turn in range(1000))


def test_a_client_that_stays_above_its_rate_floods() -> None:
    budget, now = InputBudget(RATE), 100.0
    found = []
    for _ in range(30):
        while budget.spend(1, now):
            pass
        found.append(budget.is_flooding(now))
        now += budget.wait(now) + 0.1
        budget.refilled(now)
    assert not any(found[:10])
    assert all(found[20:])


def test_a_client_that_pauses_does_not_flood() -> None:
    budget, now = InputBudget(RATE), 100.0
    for _ in range(30):
        while budget.spend(1, now):
            pass
        assert not budget.is_flooding(now)
        now += budget.wait(now)
        budget.refilled(now)
        now += RATE.span / 2 + 0.1
