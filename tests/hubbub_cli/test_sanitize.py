"""Control characters are removed, and nothing else."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub_cli.output import to_json
from hubbub_cli.sanitize import sanitize, sanitize_lines

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x1b[2J\x9b31m\u202etxt.exe\u2066"
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_inert(text: str) -> bool:
    return not any(char in BIDI or unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text)


@given(st.text(st.characters(codec=None)))
def test_displayed_text_is_sanitized(text: str) -> None:
    assert is_inert(sanitize(text))
    assert all(is_inert(line) for line in sanitize_lines(text))


@given(st.text(st.characters(codec=None)))
def test_escaped_json_has_the_same_value(text: str) -> None:
    line = to_json({"text": text})
    assert is_inert(line)
    assert json.loads(line) == {"text": text}


def test_hostile_text_is_sanitized() -> None:
    assert sanitize(HOSTILE) == "]0;owned[31mred[2J31mtxt.exe"


@pytest.mark.parametrize("text", ["", "Grüße, 世界", "👩‍👩‍👧 family", "e\u0301", "[bold]no markup[/bold]"])
def test_ordinary_text_stays(text: str) -> None:
    assert sanitize(text) == text


def test_line_breaks_are_kept_in_multi_line_output() -> None:
    assert sanitize_lines("one\r\ntwo\n\tthree") == ["one", "two", "    three"]
    assert sanitize("one\r\ntwo\n\tthree") == "one two  three"
