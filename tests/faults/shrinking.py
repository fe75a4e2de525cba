"""Find fewer faults that still fail: leave out each in turn, if the run still fails without it."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.plan import Fault, Plan


def shrink(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """Leave out faults that are not needed: first halves, then quarters, down to single faults.

    A run isn't deterministic, so an unneeded fault may remain; the returned plan has failed.
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
