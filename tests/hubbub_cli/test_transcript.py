"""The rows of a room: days, repeated names, the unread line, and own messages in their place."""

from hubbub_cli.tui.rows import (
    DayRow,
    GapRow,
    MessageRow,
    NoticeRow,
    OwnMessage,
    PresenceRow,
    SendState,
    UnreadRow,
    waiting_rows,
)
from hubbub_cli.tui.transcript import MOST_LINES, Transcript
from hubbub_client import Changed, Message, Position

DAY = 24 * 3600 * 1000
NOON = 20_000 * DAY + DAY // 2


def texts(room: Transcript) -> list[str]:
    return [row.text for row in room.rows if isinstance(row, MessageRow)]


def test_a_day_is_shown_before_its_first_message() -> None:
    room = Transcript()
    for at in (NOON, NOON + 1, NOON + DAY):
        room.said("ann", "hello", at)
    assert [type(row) for row in room.rows] == [DayRow, MessageRow, MessageRow, DayRow, MessageRow]


def test_a_name_is_shown_once_for_consecutive_messages() -> None:
    room = Transcript()
    for user, minute in (("ann", 0), ("ann", 4), ("ann", 10), ("bob", 11), ("ann", 11)):
        room.said(user, "hello", NOON + minute * 60_000)
    grouped = [row.grouped for row in room.rows if isinstance(row, MessageRow)]
    assert grouped == [False, True, False, False, False]


def test_a_name_is_shown_again_after_a_gap() -> None:
    room = Transcript()
    room.said("ann", "hello", NOON)
    room.gap(anew=False)
    room.said("ann", "hello", NOON)
    assert [row.grouped for row in room.rows if isinstance(row, MessageRow)] == [False, False]


def test_own_messages_on_their_way_have_rows_of_their_own() -> None:
    own = [OwnMessage("one", SendState.SENT), OwnMessage("two", SendState.FAILED, "too long")]
    first, second = waiting_rows("ann", own)
    assert (first.text, first.state, second.why, second.own) == ("one", SendState.SENT, "too long", True)
    assert first.id != second.id


def test_the_beginning_is_shown_once() -> None:
    room = Transcript()
    room.said("ann", "first", NOON)
    room.begins()
    room.begins()
    assert [type(row) for row in room.rows] == [NoticeRow, DayRow, MessageRow]


def test_older_messages_are_inserted_before_the_messages_of_their_epoch() -> None:
    room = Transcript()
    room.said("ann", "lost epoch", NOON)
    room.gap(anew=True)
    room.said("ann", "second", NOON)
    assert room.older([("ann", "first", NOON)]) == 1
    assert [row.text if isinstance(row, MessageRow) else "" for row in room.rows][1:] == [
        "lost epoch", "", "first", "second",
    ]  # fmt: skip
    assert any(isinstance(row, GapRow) for row in room.rows)


def test_rows_keep_their_ids_when_others_are_added_or_dropped() -> None:
    room = Transcript()
    for number in range(MOST_LINES + 1):
        room.said("ann", str(number), NOON)
    before = {row.text: row.id for row in room.rows if isinstance(row, MessageRow)}
    room.older([("ann", "older", NOON)])
    room.trim(following=True)
    after = {row.text: row.id for row in room.rows if isinstance(row, MessageRow)}
    assert len({row.id for row in room.rows}) == len(room.rows)
    assert after.items() <= before.items()


def test_the_number_of_lines_is_bounded_and_what_was_dropped_is_known() -> None:
    room = Transcript()
    for number in range(MOST_LINES + 10):
        room.said("ann", str(number), NOON)
    room.trim(following=False)
    assert (len(room), room.trimmed) == (MOST_LINES + 10, False)
    room.trim(following=True)
    assert (len(room) <= MOST_LINES, room.trimmed, texts(room)[-1]) == (True, True, str(MOST_LINES + 9))


def test_the_unread_line_stands_before_the_first_unread_message_of_others() -> None:
    room = Transcript()
    room.me = "ann"
    room.said("bob", "read", NOON)
    room.mark_unread()
    room.said("ann", "own", NOON)
    room.said("bob", "new", NOON)
    room.mark_unread()
    room.said("bob", "newer", NOON)
    kinds = [type(row) for row in room.rows]
    assert kinds == [DayRow, MessageRow, MessageRow, UnreadRow, MessageRow, MessageRow]
    room.mark_read()
    assert UnreadRow not in [type(row) for row in room.rows]


def test_changes_of_the_members_share_a_row() -> None:
    room = Transcript()
    room.presence(["ann"], [])
    room.presence(["bob"], ["ann"])
    room.said("bob", "hello", NOON)
    room.presence([], ["bob"])
    found = [row for row in room.rows if isinstance(row, PresenceRow)]
    assert [(row.joined, row.left) for row in found] == [(("ann", "bob"), ("ann",)), ((), ("bob",))]


def test_mentions_are_found() -> None:
    room = Transcript()
    room.said("bob", "ann!", NOON, mention=True)
    room.said("bob", "other", NOON)
    (found,) = room.mentions()
    assert texts(room)[0] == "ann!"
    assert found == next(row.id for row in room.rows if isinstance(row, MessageRow))


def test_a_message_is_shown_as_its_changes_made_it() -> None:
    transcript = Transcript()
    transcript.me = "ann"

    def at(offset: int) -> Position:
        return Position(epoch="e1", offset=offset)

    def said(offset: int, text: str) -> Message:
        return Message(room="r", position=at(offset), key="k", user="ann", text=text, at=NOON)

    def change(offset: int, target: int, kind: str, text: str | None = None) -> Changed:
        return Changed(
            room="r",
            position=at(offset),
            target=at(target),
            change=kind,
            key="k",
            user="ann",
            at=NOON,
            text=text,
        )

    for message in (said(3, "three"), said(4, "four")):
        transcript.said("ann", message.text, NOON, source=message)
    transcript.older([("ann", "one", NOON)], [said(1, "one")])
    before = transcript.version
    transcript.changed(change(5, 3, "edit", "drei"))
    transcript.changed(change(6, 1, "delete"))
    transcript.changed(change(7, 99, "delete"))
    assert [row.text for row in transcript.rows if isinstance(row, MessageRow)] == [
        "(deleted)", "drei (edited)", "four",
    ]  # fmt: skip
    assert transcript.version > before
