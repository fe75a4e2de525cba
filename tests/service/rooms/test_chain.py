"""The chain rule: each entry names the one before it."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from brokers.base import Entry, Position
from service.rooms.chain import Chain, Verdict


def entry(prev: int, offset: int, epoch: str = "e") -> Entry:
    return Entry("room", epoch, prev, offset, b"")


def test_the_next_entry_is_next_though_offsets_have_holes() -> None:
    chain = Chain(Position("e", 4))
    assert chain.judge(entry(4, 9)) is Verdict.NEXT
    chain.advance(entry(4, 9))
    assert (chain.epoch, chain.offset) == ("e", 9)
    assert chain.judge(entry(9, 10)) is Verdict.NEXT


def test_what_is_not_behind_the_last_is_a_repeat() -> None:
    chain = Chain(Position("e", 4))
    assert [chain.judge(entry(2, offset)) for offset in (3, 4)] == [Verdict.REPEAT] * 2


def test_an_entry_behind_another_than_the_last_shows_a_hole() -> None:
    chain = Chain(Position("e", 4))
    assert chain.judge(entry(5, 6)) is Verdict.HOLE
    assert chain.judge(entry(0, 6)) is Verdict.HOLE, "what was between has expired"


def test_another_epoch_is_a_hole_wherever_it_is() -> None:
    chain = Chain(Position("e", 4))
    assert [chain.judge(entry(4, offset, "f")) for offset in (1, 4, 5)] == [Verdict.HOLE] * 3


def test_a_head_has_moved_if_it_is_anywhere_else() -> None:
    chain = Chain(Position("e", 4))
    heads = [Position("e", 4), Position("e", 3), Position("e", 5), Position("f", 4), Position("f", 0)]
    asked_at = Position("e", 4)
    assert [chain.missed(head, asked_at) for head in heads] == [False, True, True, True, True]


def test_a_head_that_was_passed_since_it_was_asked_for_has_not_moved() -> None:
    chain = Chain(Position("e", 9))
    heads = [Position("e", offset) for offset in (3, 4, 7, 9, 10)]
    assert [chain.missed(head, Position("e", 4)) for head in heads] == [True, False, False, False, True]


@given(st.sets(st.integers(1, 50)), st.randoms())
def test_each_entry_is_taken_once_and_in_order_whatever_comes_repeated_or_late(
    offsets: set[int], chance: random.Random
) -> None:
    ordered = sorted(offsets)
    entries = [entry(prev, offset) for prev, offset in zip([0, *ordered], ordered, strict=False)]
    chain, taken = Chain(Position("e", 0)), []
    come = [*entries, *chance.choices(entries, k=len(entries))] if entries else []
    for _ in entries:
        chance.shuffle(come)
        for one in come:
            if chain.judge(one) is Verdict.NEXT:
                chain.advance(one)
                taken.append(one)
    assert taken == entries
