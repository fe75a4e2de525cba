"""Completion, the history of the input, mentions, and what a search of a list finds."""

import pytest

from hubbub_cli.tui.completion import Vocabulary, complete
from hubbub_cli.tui.input_history import InputHistory
from hubbub_cli.tui.mentions import mentions
from hubbub_cli.tui.picker import Choice, ranked

KNOWN = Vocabulary(names=["Ann", "anton", "bob"], rooms=["general", "games", "dev"])


@pytest.mark.parametrize(
    ("text", "start", "candidates"),
    [
        ("an", 0, ("Ann: ", "anton: ")),
        ("hello b", 6, ("bob ",)),
        ("hello @AN", 6, ("@Ann ", "@anton ")),
        ("see #ga", 4, ("games ",)),
        ("/jo", 0, ("/join ",)),
        ("/join g", 6, ("general", "games")),
        ("nice :rock", 5, ("🚀 ",)),
        ("not /jo", 4, ()),
        ("hello ", 6, ()),
        ("", 0, ()),
        ("one\nb", 4, ("bob ",)),
    ],
)
def test_the_word_before_the_cursor_is_completed(text: str, start: int, candidates: tuple[str, ...]) -> None:
    done = complete(text, KNOWN)
    assert (done.start, done.candidates) == (start, candidates)


def test_the_history_returns_to_the_line_that_is_being_written() -> None:
    past = InputHistory()
    assert past.step(-1, "draft") is None
    past.entered("one")
    past.entered("two")
    assert [past.step(-1, "draft"), past.step(-1, "two"), past.step(-1, "one")] == ["two", "one", None]
    assert [past.step(1, "one"), past.step(1, "two"), past.step(1, "draft")] == ["two", "draft", None]


@pytest.mark.parametrize(
    ("text", "found"),
    [("ann: hi", True), ("hi @Ann", True), ("annual", False), ("Joann", False), ("", False), ("ANN?", True)],
)
def test_a_mention_is_the_name_as_a_word(text: str, found: bool) -> None:  # noqa: FBT001  a parameter of pytest
    assert mentions(text, "ann") is found


def test_nobody_without_a_name_is_mentioned() -> None:
    assert not mentions("anything", "")


def test_a_search_prefers_letters_that_stand_together() -> None:
    choices = [Choice(name, name) for name in ("general", "garden", "dev-general", "ops")]
    assert [one.value for one in ranked(choices, "gen")] == ["general", "dev-general", "garden"]
    assert [one.value for one in ranked(choices, "")] == ["general", "garden", "dev-general", "ops"]
    assert ranked(choices, "xyz") == []
