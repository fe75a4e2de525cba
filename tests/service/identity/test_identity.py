"""Identities: what names a user, and what its idempotency keys belong to."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from service.identity.authenticator import Authenticator
from service.identity.identity import ALL_ROOMS, Identity, Rights, RoomSet, bot, guest, url_safe, verified
from service.settings import Settings


def _verified(subject: str) -> Identity:
    return verified("ann", subject, Rights(ALL_ROOMS, ALL_ROOMS), expires=0.0)


def test_an_empty_room_set_permits_no_rooms() -> None:
    assert "lobby" not in RoomSet()


def test_a_guest_is_identified_by_session_and_not_by_name() -> None:
    ann = guest("ann", "one session")
    for same in (ann, guest("another name", "one session")):
        assert (same.id, same.scope, same.kind) == (ann.id, ann.scope, "guest")
    other = guest("ann", "another session")
    assert ann.id != other.id
    assert ann.scope != other.scope
    assert "one session" not in ann.id + ann.scope
    assert ann.expires is None
    assert ann.is_guest
    assert ann.may_read("lobby")
    assert ann.may_write("lobby")


def test_ids_are_base64_for_urls_without_padding() -> None:
    for size in range(8):
        data = bytes([0xFB, 0xEF, 0xFF, 0x3E, 0xF0, 0, 1, 2][:size])
        assert url_safe(data) == urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_guest_never_has_the_scope_of_a_token() -> None:
    assert guest("u:ann", "u:ann").scope != _verified("ann").scope


def test_each_author_has_a_scope_of_its_own() -> None:
    subjects = ["ann", "ANN", "ann ", "é", "x" * 64, "x" * 65, "x" * 66]
    scopes = {_verified(subject).scope for subject in subjects}
    scopes |= {bot("ann", "api").scope, bot("bob", "api").scope}
    assert len(scopes) == len(subjects) + 2
    # A scope is part of a key of the broker.
    assert max(map(len, scopes)) <= 66


def test_a_guest_has_the_rooms_that_are_open_to_guests() -> None:
    settings = Settings(guest_read=("lobby", "open-*"), guest_write=("none",))
    identity = Authenticator(settings).guest("ann", "a session")
    assert [room for room in ("lobby", "lobby2", "open-air", "hall") if identity.may_read(room)] == [
        "lobby",
        "open-air",
    ]
    assert not identity.may_write("lobby")


@pytest.mark.parametrize(("auth", "may"), [("guests", True), ("both", False)])
def test_beside_tokens_no_room_is_open_to_guests_by_default(auth: str, *, may: bool) -> None:
    identity = Authenticator(Settings(auth=auth, token_key="a secret of more than thirty-two bytes")).guest(
        "ann", "a session"
    )
    assert (identity.may_read("lobby"), identity.may_write("lobby")) == (may, may)
