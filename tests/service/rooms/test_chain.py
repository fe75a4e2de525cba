"""The chain rule: each entry names the one before it."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from brokers.base import UNWRITTEN, Entry, Position
from service.rooms.chain import Chain, Verdict


def entry(prev: int, offset: int, epoch: str = "e") -> Entry:
    return Entry("room", epoch, prev, offset, b"")


def test_the_next_entry_is_next_even_if_offsets_are_not_consecutive() -> None:
    chain = Chain(Position("e", 4))
    assert chain.classify(entry(4, 9)) is Verdict.NEXT
    chain.advance(entry(4, 9))
    assert (chain.epoch, chain.offset) == ("e", 9)
    assert chain.classify(entry(9, 10)) is Verdict.NEXT


def test_an_entry_up_to_the_last_is_a_duplicate() -> None:
    chain = Chain(Position("e", 4))
    assert [chain.classify(entry(2, offset)) for offset in (3, 4)] == [Verdict.DUPLICATE] * 2


def test_an_entry_after_any_other_than_the_last_is_a_gap() -> None:
    chain = Chain(Position("e", 4))
    assert chain.classify(entry(5, 6)) is Verdict.GAP
    assert chain.classify(entry(0, 6)) is Verdict.GAP, "the entries in between have expired"


def test_another_epoch_is_a_gap_at_any_offset() -> None:
    chain = Chain(Position("e", 4))
    assert [chain.classify(entry(4, offset, "f")) for offset in (1, 4, 5)] == [Verdict.GAP] * 3


def test_the_first_entry_of_an_unwritten_room_begins_its_epoch() -> None:
    chain = Chain(Position(UNWRITTEN, 0))
    assert chain.unwritten
    assert chain.classify(entry(0, 1)) is Verdict.FIRST
    assert chain.classify(entry(1, 2)) is Verdict.GAP, "the first one was missed"


def test_a_head_at_any_other_position_is_missed() -> None:
    chain = Chain(Position("e", 4))
    heads = [Position("e", 4), Position("e", 3), Position("e", 5), Position("f", 4), Position("f", 0)]
    asked_at = Position("e", 4)
    assert [chain.missed(head, asked_at) for head in heads] == [False, True, True, True, True]


def test_a_head_that_was_passed_since_the_request_is_not_missed() -> None:
    chain = Chain(Position("e", 9))
    heads = [Position("e", offset) for offset in (3, 4, 7, 9, 10)]
    assert [chain.missed(head, Position("e", 4)) for head in heads] == [True, False, False, False, True]


@given(st.sets(st.integers(1, 50)), st.randoms())
def test_each_entry_is_next_once_and_in_order_with_duplicates_and_late_entries(
    offsets: set[int], chance: random.Random
) -> None:
    ordered = sorted(offsets)
    entries = [entry(prev, offset) for prev, offset in zip([0, *ordered], ordered, strict=False)]
    chain, taken = Chain(Position("e", 0)), []
    come = [*entries, *chance.choices(entries, k=len(entries))] if entries else []
    for _ in entries:
        chance.shuffle(come)
        for one in come:
            if chain.classify(one) is Verdict.NEXT:
                chain.advance(one)
                taken.append(one)
    assert taken == entries
