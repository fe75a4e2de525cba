"""What users may react with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub_protocol.emoji import MAX_CODE_POINTS, emoji_fault

THUMB = "\U0001f44d"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
# An emoji of a version of Unicode that Python does not know yet.
NEW = "\U0001faea"


@pytest.mark.parametrize(
    "emoji",
    [
        THUMB, f"{THUMB}\U0001f3fd", FAMILY, ENGLAND, "\U0001f1ef\U0001f1f5", "1\ufe0f\u20e3", "\u2764\ufe0f",
        "\u203c\ufe0f", "\u2139\ufe0f", "\u2194", "\u3030", NEW, ":tada:", ":+1:", ":a_b-c+9:",
    ],
    ids=ascii,
)  # fmt: skip
def test_one_emoji_or_a_short_code_is_valid(emoji: str) -> None:
    assert emoji_fault(emoji) is None


@pytest.mark.parametrize(
    "text",
    ["", "a", "P", "PP", "ab", "<b>", "1", "tada", ":tada", ":Tada:", "::", ":a b:", f"{THUMB}{THUMB}",
     f"{THUMB} ", f" {THUMB}", "\u200d", "\ufe0f", "\U0001f1ef", f"{THUMB}\u200d", "\n", ":tada:\n"],
    ids=ascii,
)  # fmt: skip
def test_anything_else_is_not(text: str) -> None:
    assert emoji_fault(text) == "is neither one emoji nor a short code such as :tada:"


def test_an_emoji_has_a_bounded_length() -> None:
    joined = "\u200d".join([THUMB] * 9)
    assert emoji_fault(joined) == f"has 17 code points, {MAX_CODE_POINTS} are allowed"
    assert emoji_fault("\u200d".join([THUMB] * 8)) is None
    assert emoji_fault(f":{'x' * 30}:") is None
    assert emoji_fault(f":{'x' * 31}:") is not None


@given(st.text(max_size=70))
def test_no_text_breaks_the_check(text: str) -> None:
    fault = emoji_fault(text)
    assert fault is not None or 0 < len(text) <= 32
