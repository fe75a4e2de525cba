"""The rows of a room: days, repeated names, and own messages in their place."""

from hubbub_cli.tui.transcript import MOST_LINES, DayRow, GapRow, MessageRow, NoticeRow, SendState, Transcript

DAY = 24 * 3600 * 1000
NOON = 20_000 * DAY + DAY // 2


def test_a_day_is_shown_before_its_first_message() -> None:
    room = Transcript()
    for at in (NOON, NOON + 1, NOON + DAY):
        room.said("ann", "hello", at)
    assert [type(row) for row in room.rows()] == [DayRow, MessageRow, MessageRow, DayRow, MessageRow]


def test_a_name_is_shown_once_for_consecutive_messages() -> None:
    room = Transcript()
    for user, minute in (("ann", 0), ("ann", 4), ("ann", 10), ("bob", 11), ("ann", 11)):
        room.said(user, "hello", NOON + minute * 60_000)
    assert [row.joined for row in room.rows() if isinstance(row, MessageRow)] == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_name_is_shown_again_after_a_gap() -> None:
    room = Transcript()
    room.said("ann", "hello", NOON)
    room.gap(anew=False)
    room.said("ann", "hello", NOON)
    assert [row.joined for row in room.rows() if isinstance(row, MessageRow)] == [False, False]


def test_queued_messages_are_last_and_failed_ones_keep_their_place() -> None:
    room = Transcript()
    room.me = "ann"
    room.said("bob", "hi", NOON)
    room.failed("too much", "too long")
    room.said("bob", "ho", NOON)
    waiting = [("one", SendState.SENT), ("two", SendState.SENDING)]
    assert [(row.user, row.text, row.state) for row in room.rows(waiting) if isinstance(row, MessageRow)] == [
        ("bob", "hi", None),
        ("ann", "too much", SendState.FAILED),
        ("bob", "ho", None),
        ("ann", "one", SendState.SENT),
        ("ann", "two", SendState.SENDING),
    ]


def test_the_beginning_is_shown_once() -> None:
    room = Transcript()
    room.said("ann", "first", NOON)
    room.begins()
    room.begins()
    assert [type(row) for row in room.rows()] == [NoticeRow, DayRow, MessageRow]


def test_older_messages_are_inserted_before_the_messages_of_their_epoch() -> None:
    room = Transcript()
    room.said("ann", "lost epoch", NOON)
    room.gap(anew=True)
    room.said("ann", "second", NOON)
    assert room.older([("ann", "first", NOON)]) == 1
    assert [row.text if isinstance(row, MessageRow) else "" for row in room.rows()][1:] == [
        "lost epoch", "", "first", "second",
    ]  # fmt: skip
    assert GapRow() in list(room.rows())


def test_the_number_of_rows_is_bounded() -> None:
    room = Transcript()
    for number in range(MOST_LINES + 10):
        room.said("ann", str(number), NOON)
    texts = [row.text for row in room.rows() if isinstance(row, MessageRow)]
    assert (texts[0], len(texts)) == ("10", MOST_LINES)
