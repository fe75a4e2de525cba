"""Which names are valid, and which are equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub_protocol.names import fold_user, room_fault, user_fault

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


@given(st.text(min_size=1, max_size=32).filter(lambda name: user_fault(name) is None))
def test_a_folded_name_is_never_empty(name: str) -> None:
    assert fold_user(name)
