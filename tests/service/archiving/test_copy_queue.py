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


def test_a_room_has_place_for_so_many_entries_that_are_not_copied() -> None:
    urged: list[str] = []
    queue = CopyQueue(10, settle=5, places=3, urge=lambda: urged.append("now"))
    for _ in range(3):
        assert queue.has_place("a")
        queue.mark("a")
    assert (queue.has_place("a"), queue.crowded, urged) == (False, True, ["now"])
    assert queue.has_place("b")
    queue.due(0)
    assert not queue.crowded
    queue.mark("a")
    queue.copied("a", 3, 0)
    assert queue.has_place("a")
    # What was published since the check began may be copied, too.
    queue.mark("a")
    queue.mark("a")
    assert not queue.has_place("a")
    queue.copied("a", 3, 0)
    assert queue.has_place("a")


def test_a_large_entry_takes_the_place_of_several() -> None:
    queue = CopyQueue(10, settle=5, places=10, entry_bytes=100)
    queue.mark("a", 950)
    assert not queue.has_place("a")
    queue.due(0)
    queue.copied("a", 1, 950)
    assert queue.has_place("a")


def test_while_copying_does_not_work_every_room_has_place() -> None:
    queue = CopyQueue(10, settle=5, places=1)
    queue.mark("a")
    assert not queue.has_place("a")
    queue.copying = False
    assert queue.has_place("a")


def test_what_other_nodes_copied_gives_place_when_the_room_is_complete() -> None:
    queue = CopyQueue(10, settle=5, places=2)
    queue.mark("a")
    queue.mark("a")
    queue.due(0)
    # The node may not have received them yet.
    queue.found_complete(["a"], 0)
    queue.found_complete(["a"], 1)
    assert not queue.has_place("a")
    queue.found_complete(["a"], 2)
    assert queue.has_place("a")


def test_what_can_not_be_copied_any_more_gives_place() -> None:
    queue = CopyQueue(10, settle=5, places=1)
    queue.mark("a")
    queue.due(0)
    assert not queue.has_place("a")
    queue.skipped("a")
    assert queue.has_place("a")
