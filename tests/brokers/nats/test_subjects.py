"""Any text becomes one token of a subject, and different texts become different tokens."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.nats.subjects import Subjects, message_id, token

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(TEXTS)
def test_a_token_has_nothing_in_it_that_means_something_to_nats(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", token(text))


@given(TEXTS, TEXTS)
def test_different_texts_have_different_tokens(one: str, other: str) -> None:
    assert (token(one) == token(other)) is (one == other)


@given(TEXTS)
def test_no_room_is_where_probes_go(room: str) -> None:
    subjects = Subjects("hubbub")
    assert subjects.entry_in(room) != subjects.probe_in
    assert subjects.entry_out(room) != subjects.probe_out


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_an_id_is_that_of_one_room_and_one_key(room: str, key: str, room2: str, key2: str) -> None:
    assert (message_id(room, key) == message_id(room2, key2)) is ((room, key) == (room2, key2))


def test_plain_names_can_be_read_by_an_operator() -> None:
    assert Subjects("chat").entry_out("Lobby_2-b") == "chat.out.Lobby_2-b"
    assert token("a b.é") == "a=20b=2E=C3=A9"


def test_the_longest_names_fit_into_a_line_of_the_protocol() -> None:
    assert len(Subjects("p" * 32).entry_out("語" * 66)) < 1024


TRICKY = [
    "",
    "*",
    ">",
    ".",
    "..",
    "a.b",
    "{}",
    "{0}",
    " ",
    "a b",
    "\n",
    "\r\n",
    "\0",
    "=empty",
    "=2E",
    "\U0001f9a6",
]
TRICKY += ["a" * 200, "\u8a9e" * 66, "$JS.API.>", "_INBOX.>", "in", "out", "sig"]


@pytest.mark.parametrize("room", TRICKY)
def test_a_tricky_name_is_one_subject_and_matches_no_other(room: str) -> None:
    subjects = Subjects("hubbub")
    for subject in (subjects.entry_in(room), subjects.entry_out(room), subjects.signal(room)):
        assert re.fullmatch(r"hubbub\.(in|out|sig)\.[A-Za-z0-9_=-]+", subject)
        assert len(subject) < 1024
    assert len({token(other) for other in TRICKY}) == len(TRICKY)
    assert subjects.entry_in(room) not in {subjects.probe_in, subjects.every_in}
