"""What the chain says about an archive."""

from __future__ import annotations

import pytest

from archive.base import ArchiveHead
from brokers.base import Entry, Position
from service.archiving.chains import TrimmedGap, along, gap, missing


@pytest.mark.parametrize(
    ("archived", "head", "expected"),
    [
        (None, Position("e", 0), None),
        (None, Position("e", 5), Position("e", 0)),
        (ArchiveHead("e", 5, 0), Position("e", 5), None),
        (ArchiveHead("e", 3, 1), Position("e", 5), Position("e", 3)),
        # A failover lost what had been copied.
        (ArchiveHead("e", 9, 0), Position("e", 5), None),
        (ArchiveHead("old", 9, 0), Position("e", 5), Position("e", 0)),
        (ArchiveHead("old", 9, 0), Position("e", 0), None),
    ],
)
def test_the_archive_lacks_the_end_of_a_room(
    archived: ArchiveHead | None, head: Position, expected: Position | None
) -> None:
    assert missing(archived, head) == expected


@pytest.mark.parametrize(
    ("start", "prev", "expected"),
    [
        (5, 5, None),
        (5, 8, TrimmedGap(5, 8)),
        # The broker lost what had been copied: its chain continues from before that.
        (5, 3, None),
        # The archive begins there.
        (0, 8, None),
    ],
)
def test_what_was_trimmed_before_it_was_copied_is_a_gap(
    start: int, prev: int, expected: TrimmedGap | None
) -> None:
    assert gap(Position("e", start), [Entry("room", "e", prev, 9, b"")]) == expected


def test_without_new_entries_there_is_no_gap() -> None:
    assert gap(Position("e", 5), []) is None


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ([], []),
        ([(4, 5), (5, 6)], [5, 6]),
        # A gap is no reason to leave anything out.
        ([(4, 5), (8, 9)], [5, 9]),
        # 105 and 106 were delivered, and lost in a failover.
        ([(4, 5), (5, 105), (105, 106), (5, 209), (209, 210)], [5, 209, 210]),
        ([(5, 105), (105, 106), (4, 209)], [209]),
        ([(4, 5), (5, 105), (105, 209), (105, 312), (5, 400)], [5, 400]),
    ],
)
def test_what_the_chain_skips_is_left_out(chain: list[tuple[int, int]], expected: list[int]) -> None:
    entries = [Entry("room", "e", prev, offset, b"") for prev, offset in chain]
    assert [entry.offset for entry in along(entries)] == expected
