"""The judge refuses histories that have no linearization, and agrees with a search through all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.faults.judged import one_order
from tests.faults.linearizing import Operation, Read, contradiction
from tests.faults.plan import Plan
from tests.faults.written_histories import at, plan, reads, record, sends, stored

A, B = Operation("a", 0, 1), Operation("b", 2, 3)
OPEN = Operation("open", 0)


@pytest.mark.parametrize(
    ("log", "read", "says"),
    [
        ([B, A], [], "a ended before b began, which must precede it"),
        ([A, B], [Read("r", 4, 5, 1)], "b ended before r began, which must precede it"),
        ([A, B], [Read("r", 0, 1, 2)], "r ended before b began, which must precede it"),
        ([A, B], [Read("r", 0, 3, 1), Read("s", 3.5, 4, 1)], "b ended before s began, which must precede it"),
        (
            [A, OPEN],
            [Read("r", 2, 3, 2), Read("s", 4, 5, 1)],
            "r ended before s began, which must precede it",
        ),
        ([A], [Read("r", 2, 3, 0)], "a ended before r began, which must precede it"),
    ],
)
def test_a_history_without_a_linearization_is_refused(
    log: list[Operation], read: list[Read], says: str
) -> None:
    found = contradiction(log, read)
    assert found is not None
    assert found.says == says


@pytest.mark.parametrize(
    ("log", "read"),
    [
        ([], []),
        ([A, B], [Read("r", 0, 3, 1), Read("s", 2, 3, 1), Read("t", 4, 5, 2)]),
        ([Operation("b", 0, 2), Operation("a", 1, 3)], [Read("r", 0, 2, 1)]),
        ([A, OPEN, B], []),
        ([A, B, OPEN], [Read("r", 9, 10, 2), Read("s", 9, 11, 3)]),
    ],
)
def test_a_history_with_a_linearization_passes(log: list[Operation], read: list[Read]) -> None:
    assert contradiction(log, read) is None


def search(log: Sequence[Operation], read: Sequence[Read]) -> bool:
    """Return whether one of all orders is a linearization."""
    return any(_is_one(order, list(log)) for order in permutations([*log, *read]))


def _is_one(order: Sequence[Operation], log: list[Operation]) -> bool:
    if any(later.end < one.begin for place, one in enumerate(order) for later in order[place + 1 :]):
        return False
    length = 0
    for one in order:
        if isinstance(one, Read):
            if one.length != length:
                return False
        elif one is not log[length]:
            return False
        else:
            length += 1
    return True


TIMES = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Operation], list[Read]]:
    log = [
        Operation(str(number), begin, draw(st.sampled_from((end, end, float("inf")))))
        for number, (begin, end) in enumerate(draw(st.lists(TIMES, max_size=4)))
    ]
    seen = draw(st.lists(st.tuples(TIMES, st.integers(0, len(log))), max_size=2))
    return log, [Read("r", begin, end, length) for (begin, end), length in seen]


@given(histories())
def test_it_agrees_with_a_search_through_all_orders(history: tuple[list[Operation], list[Read]]) -> None:
    log, read = history
    assert (contradiction(log, read) is None) == search(log, read)


# Recorded runs ----------------------------------------------------------------------------------------------

SAID = [sends("ann", "a"), stored("ann", "a", at(1)), sends("bob", "b"), stored("bob", "b", at(3))]


def judged(*events: object, made: Plan | None = None) -> list[str]:
    history = record(made or plan("ann", "bob"), events)  # type: ignore[arg-type]
    return [violation.says for violation in one_order(history)]


def test_a_read_after_an_acknowledgement_must_see_it() -> None:
    assert judged(*SAID, reads("node-0", "b", at(3), 4.5)) == []
    assert judged(*SAID, reads("node-0", "a", at(1), 2.5)) == [], "it began before the end of b"
    stale = judged(*SAID, reads("node-0", "a", at(1), 3.5))
    assert stale == [
        "lobby is not linearizable: b ended before a read at node-0 began, which must precede it"
    ]


def test_what_was_read_once_is_not_gone_later() -> None:
    early = [SAID[0], SAID[2], reads("node-0", "b", at(3), 1.5), reads("node-1", "a", at(1), 2.5)]
    says = "a read at node-0 ended before a read at node-1 began, which must precede it"
    assert judged(*early) == [f"lobby is not linearizable: {says}"]


def test_messages_that_change_their_order_are_found() -> None:
    swapped = [SAID[0], stored("ann", "a", at(3)), SAID[2], stored("bob", "b", at(1))]
    assert judged(*swapped) == ["lobby is not linearizable: a ended before b began, which must precede it"]


def test_each_epoch_is_judged_apart_and_a_failover_is_not() -> None:
    new = [*SAID, sends("ann", "c"), stored("ann", "c", at(1, "e2")), reads("node-0", "c", at(1, "e2"), 5.5)]
    assert judged(*new) == []
    stale = [*SAID, reads("node-0", "a", at(1), 3.5)]
    assert judged(*stale, made=replace(plan("ann", "bob"), servers="cluster")) == []
