"""Whether a user is here on any node: what the names in use know of it (PR6)."""

from __future__ import annotations

from hubbub_protocol import Close
from service.cluster.user_names import UserNames


class Tab:
    """A guest's connection."""

    def close(self, code: Close, reason: str) -> None:
        raise AssertionError((code, reason))


def test_a_user_is_here_while_a_connection_on_any_node_is_not_away() -> None:
    names = UserNames()
    names.acquire_verified("Ann", user_id="a1")
    assert names.is_here("ann", "a1")
    assert not names.is_here("ann", "a2"), "another user with a name that looks like it"
    assert not names.is_here("bob", "a1")
    names.turn_verified("Ann", user_id="a1", away=True)
    assert not names.is_here("Ann", "a1")
    names.acquire_verified("Ann", user_id="a1")
    assert names.is_here("Ann", "a1")
    names.release_verified("Ann", user_id="a1")
    assert not names.is_here("Ann", "a1")
    names.release_verified("Ann", user_id="a1", away=True)
    assert not list(names.find("Ann"))


def test_a_guest_is_here_while_one_of_the_connections_is() -> None:
    names, tabs = UserNames(), [Tab(), Tab()]
    session = names.acquire_guest("bob", connection=tabs[0]).session
    (bob,) = names.find("bob")
    names.turn_guest("bob", tabs[0], away=True)
    assert not names.is_here("bob", bob.id)
    names.acquire_guest("bob", session, tabs[1])
    assert names.is_here("bob", bob.id)
    names.turn_guest("bob", tabs[1], away=True)
    names.release_guest("bob", tabs[0])
    assert not names.is_here("bob", bob.id)
    names.turn_guest("bob", tabs[1], away=False)
    assert names.is_here("bob", bob.id)
    names.release_guest("bob", tabs[1])
    assert not names.is_here("bob", bob.id)
