"""The lines around the log are correct, and fit the screen."""

import pytest

from hubbub_cli.tui.room_sidebar import room_line
from hubbub_cli.tui.status_lines import (
    Tab,
    below_line,
    connection_line,
    here_line,
    rooms_line,
    topic_words,
    typing_words,
)


def test_rooms_are_shown_with_mentions_and_unread_counts() -> None:
    tabs = [
        Tab("lobby", active=True),
        Tab("dev", active=False, unread=3),
        Tab("ops", active=False, unread=5, mentions=2),
        Tab("bots", active=False, unread=9, muted=True),
        Tab("\x1b[2Jx", active=False),
    ]
    assert rooms_line(tabs, 80).plain == "  lobby  dev 3  ops @2  bots  [2Jx "


@pytest.mark.parametrize("active", range(13))
@pytest.mark.parametrize("width", [40, 60, 79])
def test_the_line_of_rooms_scrolls_to_the_active_one(active: int, width: int) -> None:
    line = rooms_line([Tab(f"room-{at}", active=at == active) for at in range(13)], width)
    assert f" room-{active} " in line.plain
    assert line.cell_length <= width
    assert line.plain.startswith("<") == ("room-0 " not in line.plain)
    assert line.plain.endswith(">") == ("room-12 " not in line.plain)


def test_a_line_of_the_room_list_fits_its_width() -> None:
    named = room_line(Tab("general", active=True, unread=4), 1, 18).plain
    assert named == "1 general       4 "
    long = room_line(Tab("a-room-with-a-long-name", active=False, mentions=12, unread=20), 10, 18)
    assert long.plain == "  a-room-with…@12 " or long.cell_length == 18


@pytest.mark.parametrize(
    ("names", "count", "line"),
    [
        ([], 0, " dev "),
        (["ann"], 1, " dev  1 here: ann"),
        (["ann", "bob", "me"], 3, " dev  3 here: me, ann, bob"),
        (["ann", "bob"], 9, " dev  9 here: ann, bob and 7 more"),
    ],
)
def test_members_are_listed(names: list[str], count: int, line: str) -> None:
    assert here_line("dev", names, count, "me", 80).plain == line


def test_names_that_do_not_fit_are_counted() -> None:
    names = [f"username-{number}" for number in range(20)]
    line = here_line("dev", names, 20, "me", 65).plain
    assert line == " dev  20 here: username-0, username-1 and 18 more"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["ann"], "ann is typing…"),
        (["ann", "bob"], "ann and bob are typing…"),
        (["ann", "bob", "cem"], "ann, bob and cem are typing…"),
        (["ann", "bob", "cem", "dan"], "several people are typing…"),
    ],
)
def test_typing_users_are_shown(names: list[str], words: str) -> None:
    assert typing_words(names) == words


def test_candidates_and_unseen_messages_take_precedence_over_typing() -> None:
    assert below_line(1, ["ann"], ["bob", "bea"]).plain == " bob  bea"
    assert below_line(1, ["ann"]).plain.startswith(" ↓ 1 new message below")
    assert below_line(0, ["ann"]).plain == " ann is typing…"


@pytest.mark.parametrize("width", [20, 40, 80])
def test_key_hints_are_shown_as_far_as_they_fit(width: int) -> None:
    line = connection_line("green", "online as ann", [("F1", "help"), ("PgUp", "older")], width)
    assert line.plain.startswith(" ● online as ann")
    assert line.cell_length <= max(width, 17)
    assert ("PgUp" in line.plain) == (width >= 40)


@pytest.mark.parametrize(
    ("topic", "room", "shown"),
    [
        (None, 80, ""),
        ("Releases\x1b[2J", 80, "  Releases[2J"),
        ("Releases", 9, ""),
        ("x" * 30, 20, f"  {'x' * 17}…"),
    ],
)
def test_the_topic_is_shown_as_far_as_it_fits(topic: str | None, room: int, shown: str) -> None:
    assert topic_words(topic, room)[0] == shown


def test_a_member_who_is_away_is_marked() -> None:
    assert here_line("dev", ["ann", "me"], 2, "me", 80, away={"ann"}).plain == " dev  2 here: me, ann (away)"
