"""Names that look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub_protocol.names import user_fault
from service.identity.look_alikes import RoomNames, ascii_twin, look_alike_key

ALIKE = [
    ("ann", "\u0430nn"),
    ("ann", "\u03b1nn"),
    ("ann", "\u0251nn"),
    ("ann", "ann."),
    ("ann", "a.n-n"),
    ("ann", "ANN"),
    ("ann", "an\u200bn"),
    ("paypal", "\u0440\u0430\u0443\u0440\u0430l"),
    ("modern", "rnodern"),
    ("admin", "adm\u0131n"),
    ("lobby", "l\u043ebby"),
    ("lobby", "\uff4cobby"),
    ("bob1", "bobl"),
    ("zo\u00eb", "zoe\u0308"),
    ("00", "oo"),
]
DIFFERENT = [
    ("ann", "anna"),
    ("bill", "bili"),
    ("ann2", "ann3"),
    ("zoe", "zo\u00eb"),
    ("\u5c71\u7530", "\u5c71\u672c"),
    (":-)", ":-("),
    ("\U0001f600", "\U0001f601"),
]


@pytest.mark.parametrize(("name", "other"), ALIKE, ids=ascii)
def test_names_that_look_alike_have_one_key(name: str, other: str) -> None:
    assert look_alike_key(name) == look_alike_key(other)


@pytest.mark.parametrize(("name", "other"), DIFFERENT, ids=ascii)
def test_other_names_have_keys_of_their_own(name: str, other: str) -> None:
    assert look_alike_key(name) != look_alike_key(other)


@given(st.text(min_size=1, max_size=32).filter(lambda name: user_fault(name) is None))
def test_a_key_is_never_empty(name: str) -> None:
    assert look_alike_key(name)


# Greek, Cyrillic with a Latin letter, Cyrillic.
OTHERS = ("\u03c1\u03b1\u03c1\u03b1", "\u0440\u0430\u0440a", "\u0440\u0430\u0440\u0430")


def test_rooms_whose_names_look_alike_are_found_whatever_their_letters() -> None:
    greek, mixed, cyrillic = OTHERS
    names = RoomNames()
    names.add(greek)
    names.add("papa")
    assert names.find(cyrillic) == names.find(mixed) == greek
    assert names.find(greek) is None
    assert names.find("papa") is None
    assert names.find("\u043a\u043e\u0444\u0435") is None
    names.add(cyrillic)
    assert names.find(cyrillic) == greek, "the first one counts"


def test_so_many_names_of_rooms_are_known() -> None:
    names = RoomNames(most=2)
    for name in ("\u0431", "\u0432", "\u0431", "\u0433"):
        names.add(name)
    assert len(names) == 2
    assert [names.find(f"{name}\u200b") for name in ("\u0431", "\u0432", "\u0433")] == [
        "\u0431",
        None,
        "\u0433",
    ]


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("l\u043ebby", "lobby"),
        ("lob\u200bby", "lobby"),
        ("\uff4cobby", "lobby"),
        ("L\u041eBBY", "LOBBY"),
        ("lobby", None),
        ("l\u00f3bby", None),
        ("\u043a\u043e\u0444\u0435", None),
        ("\U0001f986", None),
    ],
)
def test_a_name_in_other_letters_may_look_like_ascii(name: str, twin: str | None) -> None:
    assert ascii_twin(name) == twin
