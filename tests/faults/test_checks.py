"""Each promise is broken in a history written by hand, and the check of that promise finds it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from brokers.base import UNWRITTEN
from tests.faults.checks import check, report
from tests.faults.history import Event, Place, Record
from tests.faults.plan import Fault, Kind, Plan
from tests.faults.written_histories import (
    archived,
    at,
    complains,
    ends,
    gap,
    hears,
    joins,
    keeps,
    left_over,
    lists,
    plan,
    quits,
    receives,
    record,
    resumes,
    sends,
    stays,
    stored,
)

HERE = [joins("ann", at(0)), joins("bob", at(0))]
SAID = [
    sends("ann", "a1"),
    stored("ann", "a1", at(1)),
    receives("ann", "a1", at(1)),
    receives("bob", "a1", at(1)),
    sends("bob", "b1"),
    stored("bob", "b1", at(3)),
    receives("bob", "b1", at(3)),
    receives("ann", "b1", at(3)),
]
KEPT = [keeps("node-0", "a1", at(1), 0), keeps("node-0", "b1", at(3), 1)]
THERE = [stays("ann"), stays("bob"), lists("node-0", "ann", "bob")]
END = [*KEPT, *THERE]


def broken(events: list[Event], made: Plan | None = None) -> list[str]:
    return [violation.rule for violation in check(record(made or plan("ann", "bob"), events))]


def instead(old: Event, *new: Event) -> list[Event]:
    events = [*HERE, *SAID, *END]
    place = events.index(old)
    return [*events[:place], *new, *events[place + 1 :]]


def test_a_good_history_passes() -> None:
    assert broken([*HERE, *SAID, *END]) == []


@pytest.mark.parametrize(
    ("rule", "events"),
    [
        ("complete", instead(receives("bob", "a1", at(1)))),
        ("in order", instead(receives("bob", "a1", at(1)), *[receives("bob", "a1", at(1))] * 2)),
        ("authentic", instead(sends("bob", "b1"))),
        ("acknowledged", instead(keeps("node-0", "b1", at(3), 1), keeps("node-0", "x", at(3), 1))),
        ("same everywhere", instead(receives("ann", "b1", at(3)), receives("ann", "a1", at(3)))),
        (
            "once",
            instead(receives("ann", "b1", at(3)), receives("ann", "b1", at(3)), receives("ann", "b1", at(4))),
        ),
        ("same history", instead(keeps("node-0", "b1", at(3), 1), keeps("node-0", "b1", at(3), 2))),
        ("one epoch", instead(keeps("node-0", "b1", at(3), 1), keeps("node-0", "b1", at(3, "e2"), 1))),
        ("answered", instead(stored("bob", "b1", at(3)))),
        ("returned", instead(stays("bob"))),
        ("returned", [*HERE, *SAID, ends("bob"), *END]),
        ("to the end", instead(receives("ann", "b1", at(3)))),
        (
            "gap reported",
            instead(receives("ann", "b1", at(3)), joins("ann", at(1)), receives("ann", "b1", at(3))),
        ),
        ("a true gap", instead(receives("ann", "b1", at(3)), gap("ann"), receives("ann", "b1", at(3)))),
        ("complete", instead(receives("ann", "a1", at(1)), resumes("ann", at(1)))),
        ("no ghosts", instead(lists("node-0", "ann", "bob"), lists("node-0", "ann", "bob", "cid"))),
        ("no ghosts", instead(lists("node-0", "ann", "bob"), lists("node-0", "bob"))),
        ("no ghosts", instead(stays("bob"), stays("bob"), quits("bob"))),
        ("nothing left", [*HERE, *SAID, *END, left_over("node-0", "a task")]),
    ],
)
def test_each_check_finds_its_violation(rule: str, events: list[Event]) -> None:
    assert rule in broken(events)


def test_messages_of_one_client_stay_in_order() -> None:
    events = [
        *HERE,
        sends("ann", "a1"),
        sends("ann", "a2"),
        stored("ann", "a2", at(1)),
        stored("ann", "a1", at(2)),
        keeps("node-0", "a2", at(1), 0),
        keeps("node-0", "a1", at(2), 1),
    ]
    assert "order of sending" in broken(events)
    assert "order of time" not in broken(events)


def test_an_acknowledged_message_precedes_what_was_sent_later() -> None:
    swapped = {1: at(3), 3: at(1)}
    events = [event if event.place is None else _moved(event, swapped) for event in [*SAID[:2], *SAID[4:6]]]
    assert "order of time" in broken([*HERE, *events])


def _moved(event: Event, places: dict[int, Place]) -> Event:
    assert event.place
    return stored(event.who, event.key, places[event.place.offset])


# Gaps ------------------------------------------------------------------------------------------------

TALK = [
    event
    for number in range(1, 7)
    for event in (sends("ann", f"a{number}"), stored("ann", f"a{number}", at(number)))
]
LAST_TWO = [keeps("node-0", "a5", at(5), 4), keeps("node-0", "a6", at(6), 5)]


def gapped(*events_of_bob: Event, entries: int = 2) -> list[str]:
    received = [event for number in range(1, 7) for event in [receives("ann", f"a{number}", at(number))]]
    events = [*HERE, *TALK, *received, *events_of_bob, *LAST_TWO, *THERE]
    return broken(events, plan("ann", "bob", entries=entries))


def test_a_gap_that_retention_made_passes() -> None:
    assert (
        gapped(joins("bob", at(4)), gap("bob"), receives("bob", "a5", at(5)), receives("bob", "a6", at(6)))
        == []
    )
    assert gapped(gap("bob"), receives("bob", "a5", at(5)), receives("bob", "a6", at(6))) == [], "a reset"
    assert gapped(gap("bob"), gap("bob"), receives("bob", "a5", at(5)), receives("bob", "a6", at(6))) == [], (
        "reported twice"
    )


def test_a_gap_over_entries_that_were_kept_is_found() -> None:
    assert gapped(gap("bob"), receives("bob", "a6", at(6))) == ["a true gap"]
    reported = gap("bob"), receives("bob", "a5", at(5)), receives("bob", "a6", at(6))
    assert "a true gap" in gapped(*reported, entries=3)


def test_a_gap_at_the_start_of_a_new_epoch_passes_for_a_late_reader() -> None:
    new_epoch = [
        sends("ann", "n1"),
        stored("ann", "n1", at(1, "e2")),
        keeps("node-0", "n1", at(1, "e2"), 0),
    ]
    received = [receives("ann", "n1", at(1, "e2")), gap("bob"), receives("bob", "n1", at(1, "e2"))]
    events = [*HERE, *SAID, *new_epoch, gap("ann"), *received, *THERE]
    assert broken(events, plan("ann", "bob", broker="memory")) == []
    without_gap = [event for event in events if event != gap("bob")]
    assert broken(without_gap, plan("ann", "bob", broker="memory")) == ["gap reported"]


def test_entries_lost_to_retention_or_with_a_dead_process_need_not_be_kept() -> None:
    assert "acknowledged" not in gapped(receives("bob", "a1", at(1)))
    assert "acknowledged" in gapped(receives("bob", "a1", at(1)), entries=3)


def test_only_a_restarted_nats_may_forget_the_key_of_a_trimmed_entry() -> None:
    events = [*HERE, *TALK[:2], receives("ann", "a1", at(1)), *TALK[2:], receives("ann", "a1", at(7))]
    assert "once" not in broken(events, plan("ann", "bob", broker="nats", entries=2))
    assert "once" in broken(events, plan("ann", "bob", broker="nats", entries=7))
    assert "once" in broken(events, plan("ann", "bob", broker="redis", entries=2))


def test_a_client_that_quit_needs_no_acknowledgement() -> None:
    events = [*HERE, *SAID[:4], sends("bob", "b1"), quits("bob"), keeps("node-0", "a1", at(1), 0), *THERE]
    assert broken(events) == []


def test_nodes_that_keep_different_histories_are_found() -> None:
    events = [*HERE, *SAID, *END, keeps("node-1", "a1", at(1), 0)]
    found = broken(events, plan("ann", "bob", nodes=2))
    assert {"same history", "acknowledged"} <= set(found)


def test_a_report_names_only_the_rule_and_the_evidence() -> None:
    made: Record = record(plan("ann", "bob"), instead(receives("bob", "a1", at(1))))
    lines = report(made, check(made)).splitlines()
    assert lines[0] == "complete: bob misses a1"
    assert [line.split(" s  ")[1] for line in lines[1:]] == [
        "bob in lobby joins without recovery after e1/0",
        "ann in lobby receives an acknowledgement: a1 at e1/1",
        "bob in lobby receives b1 at e1/3",
    ]


def test_the_first_message_of_a_room_needs_no_gap() -> None:
    unwritten = [joins("ann", at(0, UNWRITTEN)), joins("bob", at(0, UNWRITTEN))]
    assert broken([*unwritten, *SAID, *END]) == []


def test_a_reader_that_misses_the_first_message_of_a_room_is_found() -> None:
    unwritten = [joins("ann", at(0, UNWRITTEN)), joins("bob", at(0, UNWRITTEN))]
    missed = [event for event in SAID if event != receives("bob", "a1", at(1))]
    assert broken([*unwritten, *missed, *END]) == ["complete"]


# The archive --------------------------------------------------------------------------------------------

ARCHIVED = [archived("a1", at(1)), archived("b1", at(3))]


def test_an_archive_has_what_was_acknowledged_once_in_order() -> None:
    made = replace(plan("ann", "bob"), archive="postgres")
    good = [*HERE, *SAID, *END]
    assert broken([*good, *ARCHIVED], made) == []
    assert "archived" in broken([*good, ARCHIVED[0]], made)
    assert "archived" in broken([*good, *reversed(ARCHIVED)], made)
    assert "once" in broken([*good, *ARCHIVED, archived("a1", at(4))], made)
    assert "same everywhere" in broken([*good, archived("b1", at(1)), *ARCHIVED], made)


def test_what_a_small_broker_trimmed_before_it_was_copied_may_be_missing() -> None:
    made = replace(plan("ann", "bob", entries=40), archive="postgres")
    assert broken([*HERE, *SAID, *END, ARCHIVED[1]], made) == []
    # The node reads from the archive what the broker has no more: so it shows the same gap.
    chain = [keeps("node-0", "a1", at(1), 0), keeps("node-0", "b1", at(3), 2), *THERE]
    assert broken([*HERE, *SAID, *chain, *ARCHIVED], made) == []
    assert broken([*HERE, *SAID, *chain, *ARCHIVED], replace(made, entries=1000)) == ["same history"]


def test_with_sqlite_a_restart_keeps_the_epoch_and_everything() -> None:
    made = replace(plan("ann", "bob", broker="memory", entries=1), archive="sqlite")
    assert broken([*HERE, *SAID, *END, *ARCHIVED], made) == []
    assert "acknowledged" in broken([*HERE, *SAID, KEPT[1], *THERE, *ARCHIVED], made)
    assert "one epoch" in broken([*HERE, *SAID, *END, *ARCHIVED, archived("a1", at(1, "e2"))], made)


# The plain codec ----------------------------------------------------------------------------------------

THREE = [*SAID, sends("ann", "a2"), stored("ann", "a2", at(4))]
THREE += [receives("ann", "a2", at(4)), receives("bob", "a2", at(4)), keeps("node-0", "a2", at(4), 3)]


@pytest.mark.parametrize(
    ("rules", "heard"),
    [
        ([], ["a1", "b1", "a2"]),
        ([], ["b1", "a2"]),
        (["complete"], ["a1", "a2"]),
        (["in order"], ["b1", "a1", "b1"]),
        (["in order"], ["a1", "a1"]),
        (["authentic"], ["a1", "x"]),
    ],
)
def test_a_plain_connection_receives_every_text_once_in_order(rules: list[str], heard: list[str]) -> None:
    texts = [hears("q00#1", key) for key in heard]
    assert set(broken([*HERE, *KEPT, *THREE, *texts, *THERE])) == set(rules)


def test_a_plain_client_may_miss_what_is_said_between_two_connections() -> None:
    texts = [hears("q00#1", "a1"), hears("q00#2", "a2")]
    assert broken([*HERE, *KEPT, *THREE, *texts, *THERE]) == []


# Failovers ----------------------------------------------------------------------------------------------


def test_a_failover_may_lose_what_was_delivered_and_not_reported_as_sent() -> None:
    made = replace(plan("ann", "bob"), servers="cluster")
    echoed, receipt = [sends("ann", "a2"), receives("ann", "a2", at(4))], stored("ann", "a2", at(4))
    for reported in ([*echoed, receipt], [echoed[0], receipt, echoed[1]]):
        assert "acknowledged" in broken([*HERE, *SAID, *reported, *END], made)
    again = [stored("ann", "a2", at(9)), gap("ann"), joins("ann", at(3)), receives("ann", "a2", at(9))]
    there = [receives("bob", "a2", at(9)), *KEPT, keeps("node-0", "a2", at(9), 3), *THERE]
    assert broken([*HERE, *SAID, *echoed, *again, *there], made) == [], "it was stored again"
    trimmed = replace(made, entries=1)
    assert broken([*HERE, *SAID, KEPT[1], *THERE], trimmed) == [], "what retention evicted was not lost"


# Complaints -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "target", "said"),
    [
        (Kind.WORKER, "node-0", '{"worker": 1, "code": -9, "event": "worker_died"}'),
        (Kind.FILL, "archive", '{"reason": "the disk is full", "event": "archive_refuses_writes"}'),
    ],
)
def test_only_what_the_plan_did_is_no_complaint(kind: Kind, target: str, said: str) -> None:
    made = replace(plan("ann", "bob"), faults=(Fault(at=1.0, kind=kind, target=target),))
    line = complains("node-0", said)
    assert broken([*HERE, *SAID, *END, line], made) == []
    assert broken([*HERE, *SAID, *END, line]) == ["nothing left"]
