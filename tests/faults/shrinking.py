"""Fewer faults that still fail: each is left out in turn, and stays out if the run fails without it."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.plan import Fault, Plan


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """Leave out what isn't needed: first halves, then quarters, down to single faults.

    A run isn't deterministic, so a fault may stay that isn't needed; what is given has failed.
    Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", TSE 2002.
    """
    size = max(1, len(plan.faults) // 2)
    while plan.faults:
        for some in _pieces(plan.faults, size):
            smaller = plan.without(*some)
            if fails(smaller):
                plan = smaller
        if size == 1:
            break
        size = max(1, size // 2)
    return plan


def _pieces(faults: tuple[Fault, ...], size: int) -> list[tuple[Fault, ...]]:
    return [faults[start : start + size] for start in range(0, len(faults), size)]
