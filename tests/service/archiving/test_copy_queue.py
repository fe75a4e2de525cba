"""The rooms in which something may have to be copied."""

from __future__ import annotations

from service.archiving.copy_queue import CopyQueue


def test_a_room_stays_until_a_publish_that_was_under_way_must_have_ended() -> None:
    queue = CopyQueue(10, settle=5)
    queue.mark("a")
    assert queue.due(0) == ["a"]
    queue.found_complete(["a"], 0)
    assert queue.due(4) == ["a"]
    queue.mark("a")
    assert queue.due(5) == ["a"]
    queue.found_complete(["a"], 9)
    assert queue.due(10) == ["a"]
    queue.found_complete(["a"], 10)
    assert queue.due(11) == []


def test_rooms_that_lag_longest_come_first() -> None:
    queue = CopyQueue(10, settle=5)
    for room in ("a", "b", "c"):
        queue.mark(room)
    assert sorted(queue.due(0)) == ["a", "b", "c"]
    queue.found_incomplete(["c"], 1)
    queue.found_incomplete(["b", "c"], 2)
    assert queue.due(3) == ["c", "b", "a"]
    assert (queue.pending, queue.lag(4)) == (2, 3)
    queue.found_complete(["c"], 4)
    assert (queue.pending, queue.lag(4)) == (1, 2)
    queue.found_complete(["b"], 4)
    assert (queue.pending, queue.lag(4)) == (0, 0)


def test_so_many_rooms_are_kept_and_further_ones_are_left_to_the_sweep() -> None:
    queue = CopyQueue(3, settle=5)
    for room in "abcdef":
        queue.mark(room)
    first = set(queue.due(0))
    assert len(first) == len(queue) == 3
    for room in "ghi":
        queue.mark(room)
    assert set(queue.due(1)) == first


def test_a_dropped_room_returns_with_its_next_mark() -> None:
    queue = CopyQueue(3, settle=5)
    queue.mark("a")
    queue.due(0)
    queue.found_incomplete(["a"], 0)
    queue.drop("a")
    assert (queue.due(1), queue.pending) == ([], 0)
    queue.mark("a")
    assert queue.due(2) == ["a"]


def test_a_burst_in_one_room_is_urgent() -> None:
    urged: list[str] = []
    queue = CopyQueue(10, settle=5, burst=3, urge=lambda: urged.append("now"))
    for _ in range(2):
        queue.mark("a")
        queue.mark("b")
    assert urged == []
    queue.mark("a")
    assert urged == ["now"]
    queue.due(0)
    queue.mark("b")
    assert urged == ["now"]
