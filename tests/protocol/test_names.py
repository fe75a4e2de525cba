"""Which names are valid, and which are equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub_protocol.names import fold_user, is_blank, room_fault, user_fault

UNSEEN = [
    "\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u180e", "\u200b", "\u200d", "\u2060", "\u2065",
    "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufff0", "\U000e0041", "\U000e0100", "\U000e0fff",
]  # fmt: skip
FAMILY = "\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_invisible_characters_do_not_distinguish_names(unseen: str) -> None:
    for alike in (f"an{unseen}n", f"{unseen}ann", f"ann{unseen}", f"{unseen} Ann {unseen}"):
        assert fold_user(alike) == "ann"


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_name_without_visible_characters_is_invalid(unseen: str) -> None:
    for name in (unseen, unseen * 3, f"{unseen} {unseen}"):
        assert user_fault(name) == room_fault(name) == "has no visible character"


@pytest.mark.parametrize(
    "name", [FAMILY, "\u2764\ufe0f", "na\u00efve", "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645"]
)
def test_visible_characters_may_be_joined_by_invisible_ones(name: str) -> None:
    assert user_fault(name) is None
    assert room_fault(name) is None


def test_a_name_that_is_too_long_is_rejected_without_a_look_at_its_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr("hubbub_protocol.names.unicodedata.category", looked_at.append)
    assert user_fault("\u0430" * 30_000) == "is longer than 32 characters"
    assert room_fault("\u0430" * 30_000) == "is longer than 200 bytes"
    assert looked_at == []


@given(st.text(min_size=1, max_size=32).filter(lambda name: user_fault(name) is None))
def test_a_folded_name_is_never_empty(name: str) -> None:
    assert fold_user(name)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("ann\ue000", "contains a private-use character (U+E000)"),
        ("ann\u0378", "contains an unassigned character (U+0378)"),
        ("ann\U0010fffd", "contains a private-use character (U+10FFFD)"),
    ],
    ids=ascii,
)
def test_a_user_name_has_only_characters_that_are_assigned(name: str, fault: str) -> None:
    assert user_fault(name) == fault


def test_a_room_name_is_in_normal_form_c_and_was_utf_8() -> None:
    assert room_fault("caf\u00e9") is None
    assert room_fault("cafe\u0301") == "is not in Unicode's normal form C"
    assert room_fault("\ufffd") == "contains a replacement character (U+FFFD): it was not UTF-8"


@pytest.mark.parametrize("text", ["", " ", "\u200b\u200b", "\u3164", "\u2800 \n", "\ufe0f"], ids=ascii)
def test_a_text_without_a_visible_character_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(f"{text}x{text}")


@pytest.mark.parametrize("text", [FAMILY, "\u2764\ufe0f", "\U000f0000"], ids=ascii)
def test_an_emoji_or_an_icon_is_not_blank(text: str) -> None:
    assert not is_blank(text)
