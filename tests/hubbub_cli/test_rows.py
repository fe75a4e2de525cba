"""What is shown of a room: days, names once, own messages in their place."""

from hubbub_cli.tui.rows import MOST_LINES, Day, Gap, Said, Sending, Transcript

DAY = 24 * 3600 * 1000
NOON = 20_000 * DAY + DAY // 2


def said(transcript: Transcript) -> list[tuple[str, str, Sending | None]]:
    return [(row.user, row.text, row.state) for row in transcript.rows() if isinstance(row, Said)]


def test_a_day_stands_ahead_of_its_first_message() -> None:
    room = Transcript()
    for at in (NOON, NOON + 1, NOON + DAY):
        room.said("ann", "hello", at)
    assert [type(row) for row in room.rows()] == [Day, Said, Said, Day, Said]


def test_a_name_is_shown_once_for_what_follows_closely() -> None:
    room = Transcript()
    for user, minute in (("ann", 0), ("ann", 4), ("ann", 10), ("bob", 11), ("ann", 11)):
        room.said(user, "hello", NOON + minute * 60_000)
    assert [row.joined for row in room.rows() if isinstance(row, Said)] == [False, True, False, False, False]


def test_a_name_is_shown_again_behind_a_gap() -> None:
    room = Transcript()
    room.said("ann", "hello", NOON)
    room.gap(anew=False)
    room.said("ann", "hello", NOON)
    assert [row.joined for row in room.rows() if isinstance(row, Said)] == [False, False]


def test_an_own_message_waits_below_until_it_is_said() -> None:
    room = Transcript()
    room.me = "ann"
    room.sending("k1", "one")
    room.sending("k2", "two")
    room.said("bob", "hi", NOON, key="k1")
    assert said(room) == [
        ("bob", "hi", None),
        ("ann", "one", Sending.SENDING),
        ("ann", "two", Sending.SENDING),
    ]
    room.sent("k1")
    room.failed("k2", "too long")
    assert [state for *_, state in said(room)] == [None, Sending.SENT, Sending.FAILED]
    room.said("ann", "one", NOON, key="k1")
    assert said(room) == [("bob", "hi", None), ("ann", "one", None), ("ann", "two", Sending.FAILED)]


def test_older_messages_stand_ahead_of_those_they_are_the_history_of() -> None:
    room = Transcript()
    room.said("ann", "lost epoch", NOON)
    room.gap(anew=True)
    room.said("ann", "second", NOON)
    assert room.older([("ann", "first", NOON)]) == 1
    assert [row.text if isinstance(row, Said) else "" for row in room.rows()][1:] == [
        "lost epoch", "", "first", "second",
    ]  # fmt: skip
    assert Gap() in list(room.rows())


def test_what_is_held_is_bounded() -> None:
    room = Transcript()
    for number in range(MOST_LINES + 10):
        room.said("ann", str(number), NOON)
    assert said(room)[0] == ("ann", "10", None)
    assert len(said(room)) == MOST_LINES
