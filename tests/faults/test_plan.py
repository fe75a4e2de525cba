"""A plan is determined by its seed, can be saved, and contains only faults that make sense."""

from __future__ import annotations

from itertools import groupby, pairwise

import msgspec
import pytest

from tests.faults.drawing import draw
from tests.faults.plan import ALLOWED, ARCHIVE, BROKER, INSTANT, NODE, Fault, Kind, Lane, from_json
from tests.faults.shrinking import shrink

BROKERS = ("memory", "redis", "nats")
PLANS = [draw(seed, broker, other="v1") for broker in BROKERS for seed in range(80)]


def whose(fault: Fault) -> str:
    return (
        fault.target
        if fault.target in {BROKER, ARCHIVE}
        else NODE
        if fault.target.startswith(NODE)
        else "client"
    )


@pytest.mark.parametrize("broker", BROKERS)
def test_the_same_seed_draws_the_same_plan(broker: str) -> None:
    assert draw(7, broker) == draw(7, broker) != draw(8, broker)


def test_a_plan_can_be_written_down_and_read() -> None:
    for plan in PLANS:
        assert from_json(plan.to_json()) == plan


def test_an_invalid_plan_is_rejected() -> None:
    with pytest.raises(msgspec.ValidationError, match="broker"):
        from_json(b'{"seed": 1}')


def test_each_fault_fits_its_target_and_is_over_in_time() -> None:
    for plan in PLANS:
        for fault in plan.faults:
            assert fault.kind in plan.possible(whose(fault), fault.lane)
            assert 0 < fault.at + fault.lasts <= plan.seconds + 0.02  # both are rounded
            assert (fault.lasts == 0) == (fault.kind in INSTANT)


def test_a_lane_has_one_fault_at_a_time() -> None:
    for plan in PLANS:
        lanes = sorted(plan.faults, key=lambda fault: (fault.target, fault.lane, fault.at))
        for _, faults in groupby(lanes, key=lambda fault: (fault.target, fault.lane)):
            assert all(before.at + before.lasts <= fault.at + 0.02 for before, fault in pairwise(faults))


def test_every_allowed_fault_is_drawn_by_some_seed() -> None:
    drawn = {(whose(fault), fault.lane, fault.kind) for plan in PLANS for fault in plan.faults}
    assert drawn == {(*lane, kind) for lane, kinds in ALLOWED.items() for kind in kinds}


def test_every_kind_of_world_is_drawn_by_some_seed() -> None:
    worlds = {(plan.broker, plan.servers) for plan in PLANS}
    assert worlds == {
        *(("memory", "one"), ("redis", "one"), ("redis", "cluster"), ("redis", "sentinel")),
        *(("nats", "one"), ("nats", "cluster")),
    }
    assert {(plan.broker, plan.archive) for plan in PLANS if plan.archive} == {
        ("memory", "sqlite"),
        ("redis", "postgres"),
        ("nats", "postgres"),
    }
    assert {plan.workers for plan in PLANS} == {1, 2}
    assert {bool(plan.plain) for plan in PLANS} == {bool(plan.other) for plan in PLANS} == {False, True}


def test_a_world_has_only_the_faults_that_it_can_have() -> None:
    for plan in PLANS:
        for fault in plan.faults:
            person = next((person for person in plan.people if person.name == fault.target), None)
            assert person is None or not person.plain or fault.lane is not Lane.PERSON
            assert not (plan.archive and plan.other)
            assert plan.has_links or not (whose(fault) == NODE and fault.lane is Lane.LINK)


def test_only_the_history_of_a_process_that_dies_may_start_a_new_epoch() -> None:
    assert all(plan.broker == "memory" for plan in PLANS if plan.forgets)
    assert any(plan.forgets for plan in PLANS)


def test_a_failing_plan_shrinks_to_the_faults_that_it_needs() -> None:
    plan = max(PLANS, key=lambda plan: len(plan.faults))
    needed = set(plan.faults[3:30:13])
    tried = []

    def fails(smaller: object) -> bool:
        assert isinstance(smaller, type(plan))
        tried.append(smaller)
        return needed <= set(smaller.faults)

    assert set(shrink(plan, fails).faults) == needed
    assert len(tried) < 2 * len(plan.faults) + 20


def test_a_fault_prints_as_a_sentence() -> None:
    assert (
        str(Fault(at=1.5, kind=Kind.DELAY, target="p03", lasts=2, amount=0.1))
        == "1.5 s: delay p03 (0.1) for 2 s"
    )
    assert str(Fault(at=2, kind=Kind.CUT, target="node-1")) == "2 s: cut node-1"
