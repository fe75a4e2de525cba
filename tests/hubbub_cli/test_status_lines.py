"""The lines around the log are correct, and fit the screen."""

import pytest

from hubbub_cli.tui.status_lines import Tab, below_line, connection_line, here_line, rooms_line, typing_words


def test_rooms_are_shown_with_unread_counts() -> None:
    tabs = [Tab("lobby", active=True), Tab("dev", active=False, unread=3), Tab("\x1b[2Jx", active=False)]
    assert rooms_line(tabs).plain == " hubbub   lobby  dev 3  [2Jx "


@pytest.mark.parametrize(
    ("names", "count", "line"),
    [
        ([], 0, ""),
        (["ann"], 1, " 1 here: ann"),
        (["ann", "bob", "me"], 3, " 3 here: me, ann, bob"),
        (["ann", "bob"], 9, " 9 here: ann, bob and 7 more"),
    ],
)
def test_members_are_listed(names: list[str], count: int, line: str) -> None:
    assert here_line(names, count, "me", 80).plain == line


def test_names_that_do_not_fit_are_counted() -> None:
    names = [f"somebody-{number}" for number in range(20)]
    line = here_line(names, 20, "me", 60).plain
    assert line == " 20 here: somebody-0, somebody-1 and 18 more"


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


def test_unseen_messages_take_precedence_over_typing() -> None:
    assert below_line(1, ["ann"]).plain.startswith(" ↓ 1 new message below")
    assert below_line(0, ["ann"]).plain == " ann is typing…"


@pytest.mark.parametrize("width", [20, 40, 80])
def test_key_hints_are_shown_as_far_as_they_fit(width: int) -> None:
    line = connection_line("green", "online as ann", [("F1", "help"), ("PgUp", "older")], width)
    assert line.plain.startswith(" ● online as ann")
    assert line.cell_length <= max(width, 17)
    assert ("PgUp" in line.plain) == (width >= 40)
