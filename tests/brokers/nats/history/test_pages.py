"""Pages are built without a server."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brokers.base import Position
from brokers.nats.history.pages import OffsetSearch, PageBuilder, VisibleMessages, split
from brokers.nats.jetstream import StoredMessage


def _raws(*offsets: int, hint: int | None = None) -> list[StoredMessage]:
    last = len(offsets) - 1
    return [
        StoredMessage("subject", offset, b"%d" % offset, last - place, None if place else hint)
        for place, offset in enumerate(offsets)
    ]


def _pager(*, most: int = 100) -> PageBuilder:
    return PageBuilder(room="room", epoch="epoch", most=most)


def test_the_one_message_too_many_is_hidden_and_is_what_was_before() -> None:
    kept = _pager(most=2).visible(_raws(3, 5, 9), 3)
    assert (kept.prev, [raw.offset for raw in kept.raws]) == (3, [5, 9])


def test_a_server_that_counts_too_many_hides_no_more_than_that_one() -> None:
    assert [raw.offset for raw in _pager(most=2).visible(_raws(3, 5, 9), 7).raws] == [5, 9]


def test_the_first_message_has_the_previous_offset_of_its_publisher() -> None:
    assert _pager().visible(_raws(30, 50, hint=0), 2).prev == 0
    assert _pager().visible(_raws(30, 50, hint=7), 2).prev == 7


def test_a_first_message_without_a_hint_had_a_predecessor() -> None:
    kept = _pager().visible(_raws(30, 50), 2)
    page = _pager().after(20, 10, kept, 50)
    assert page.trimmed
    assert page.entries[0].prev == 29


def test_a_page_after_what_is_still_known_is_whole() -> None:
    page = _pager().after(7, 10, VisibleMessages(_raws(30, 50), 7), 50)
    assert [(entry.prev, entry.offset) for entry in page.entries] == [(7, 30), (30, 50)]
    assert (page.head, page.trimmed, page.more) == (Position("epoch", 50), False, False)


def test_there_is_more_beyond_the_limit_the_reply_or_the_head() -> None:
    raws = _raws(1, 2, 3)
    assert _pager().after(0, 2, VisibleMessages(raws, 0), 3).more
    assert _pager().after(0, 3, VisibleMessages(raws, 0), 4).more
    assert _pager().after(0, 3, VisibleMessages(raws[:2], 0), 2).more
    assert not _pager().after(0, 3, VisibleMessages(raws, 0), 3).more


def test_a_head_never_stands_before_an_entry() -> None:
    assert _pager().after(0, 3, VisibleMessages(_raws(1, 2), 0), 1).head.offset == 2


def test_the_last_messages_know_the_one_before_them() -> None:
    page = _pager().before(2, VisibleMessages(_raws(1, 2, 3), 0), 3, more=False)
    assert [(entry.prev, entry.offset) for entry in page.entries] == [(1, 2), (2, 3)]
    assert page.more


def test_messages_are_split_after_an_offset() -> None:
    raws = _raws(1, 3, 5)
    assert split(raws, 0) == ([], raws)
    assert split(raws, 3) == (raws[:2], raws[2:])
    assert split(raws, 9) == (raws, [])


@given(
    offsets=st.sets(st.integers(1, 5000), min_size=1, max_size=300),
    wanted=st.integers(1, 100),
    slack=st.integers(0, 60),
)
def test_a_search_finds_enough_and_not_much_more(offsets: set[int], wanted: int, slack: int) -> None:
    def count(offset: int) -> int:
        return sum(offset <= other for other in offsets)

    if len(offsets) < wanted:
        return
    low = min(offsets)
    search = OffsetSearch((low, len(offsets)), (max(offsets) + 1, 0), wanted=wanted, slack=slack)
    for _ in range(60):
        if search.found is not None:
            break
        guess = search.guess
        search.learn(guess, count(guess))
    assert search.found is not None
    assert wanted <= count(search.found) <= wanted + slack


def test_a_search_asks_seldom_where_messages_come_evenly() -> None:
    search = OffsetSearch((1, 10_000), (100_001, 0), wanted=51, slack=50)
    turns = 0
    while search.found is None:
        guess = search.guess
        search.learn(guess, (100_001 - guess) // 10)
        turns += 1
    assert turns <= 2
