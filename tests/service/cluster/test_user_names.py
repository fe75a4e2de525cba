"""The user names in use."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from typing_extensions import override

from hubbub_protocol import Close
from hubbub_protocol.names import fold_user, user_fault
from service.cluster.name_errors import InvalidName, UserNameTaken
from service.cluster.room_presence import RoomPresence
from service.cluster.signals import NAMES
from service.cluster.user_names import AcquiredName, UserNames

SESSION = "abcdefghijklmnopqrstuv"


def _rejected(guests: UserNames, name: str, session: str | None = None) -> str:
    with pytest.raises(UserNameTaken) as rejection:
        guests.acquire_guest(name, session)
    return rejection.value.suggestion


def test_a_free_name_is_acquired_with_a_secret_of_128_bits() -> None:
    taken = UserNames().acquire_guest("Ann")
    assert taken.user == "Ann"
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", taken.session)


def test_no_two_secrets_are_the_same() -> None:
    guests = UserNames()
    assert len({guests.acquire_guest(None).session for _ in range(100)}) == 100


def test_a_name_in_use_is_rejected_with_the_smallest_free_number() -> None:
    guests = UserNames()
    guests.acquire_guest("ann")
    assert _rejected(guests, "ann") == "ann2"
    guests.acquire_guest("ann2")
    assert _rejected(guests, "ann") == "ann3"


@pytest.mark.parametrize(
    "name", ["ANN", "Ann", "\uff41nn", "an\u200bn", "\u3164ann", "ann\ufe0f", "\u0430nn", "\u03b1nn", "ann."]
)
def test_look_alike_names_are_one_name(name: str) -> None:
    guests = UserNames()
    guests.acquire_guest("ann")
    _rejected(guests, name)


def test_the_same_session_acquires_the_name_again_in_its_first_spelling() -> None:
    guests = UserNames()
    first = guests.acquire_guest("Ann")
    assert guests.acquire_guest("ann", first.session) == first


def test_another_session_is_rejected() -> None:
    guests = UserNames()
    guests.acquire_guest("ann")
    _rejected(guests, "ann", SESSION)


def test_a_name_is_free_after_its_last_release() -> None:
    guests = UserNames()
    session = guests.acquire_guest("ann").session
    guests.acquire_guest("ann", session)
    guests.release_guest("ANN")
    _rejected(guests, "ann")
    guests.release_guest("ann")
    assert guests.acquire_guest("ann").session != session


def test_a_session_from_another_node_stays_valid() -> None:
    assert UserNames().acquire_guest("ann", SESSION) == AcquiredName("ann", SESSION)


@pytest.mark.parametrize("session", ["", "short", "x" * 23, "é" * 22, "a b" * 7 + "c"])
def test_a_session_of_another_form_is_replaced(session: str) -> None:
    assert UserNames().acquire_guest("ann", session).session != session


@pytest.mark.parametrize("name", ["", " ann", "a\nb", "x" * 33, "a\u202eb"])
def test_an_invalid_name_is_rejected_and_not_held(name: str) -> None:
    guests = UserNames()
    with pytest.raises(InvalidName, match="the name "):
        guests.acquire_guest(name)
    assert not len(guests)


def test_a_generated_name_is_a_valid_name() -> None:
    user = UserNames().acquire_guest(None).user
    assert re.fullmatch(r"guest-([a-z][aeiou]){2}", user)
    assert user_fault(user) is None


def test_generated_names_are_unique() -> None:
    guests = UserNames()
    users = {guests.acquire_guest(None).user for _ in range(10_000)}
    assert len(users) == len(guests) == 10_000
    assert max(map(len, users)) <= 32


class _Peer:
    """A connection that records how it was closed."""

    def __init__(self) -> None:
        self.codes: list[Close] = []

    def close(self, code: Close, reason: str) -> None:
        assert reason
        self.codes.append(code)


def test_a_verified_users_name_is_always_granted_and_lost_to_guests() -> None:
    guests = UserNames()
    session = guests.acquire_guest("ann").session
    assert guests.acquire_verified("Ann").user == "Ann"
    _rejected(guests, "ann", session)
    guests.release_guest("ann")
    _rejected(guests, "ann", session)
    guests.release_verified("ann")
    guests.acquire_guest("ann")


def test_a_name_is_reserved_while_a_verified_user_has_it() -> None:
    guests = UserNames()
    taken = guests.acquire_guest("ann")
    guests.acquire_verified("ann")
    guests.acquire_verified("ann")
    guests.release_verified("ann")
    _rejected(guests, *taken)
    guests.release_verified("ann")
    assert guests.acquire_guest(*taken) == taken


def test_guests_are_closed_when_a_verified_user_acquires_their_name() -> None:
    guests, tab, other_tab, bob = UserNames(), _Peer(), _Peer(), _Peer()
    session = guests.acquire_guest("ann", None, tab).session
    guests.acquire_guest("Ann", session, other_tab)
    guests.acquire_guest("bob", None, bob)
    guests.acquire_verified("ANN")
    assert tab.codes == other_tab.codes == [Close.NAME_LOST]
    assert not bob.codes


def test_a_connection_that_released_its_name_is_not_closed() -> None:
    guests, tab, other_tab = UserNames(), _Peer(), _Peer()
    session = guests.acquire_guest("ann", None, tab).session
    guests.acquire_guest("ann", session, other_tab)
    guests.release_guest("ann", tab)
    guests.acquire_verified("ann")
    assert (tab.codes, other_tab.codes) == ([], [Close.NAME_LOST])


def test_a_connection_may_release_its_name_while_it_is_closed() -> None:
    guests = UserNames()

    class Disconnected(_Peer):
        @override
        def close(self, code: Close, reason: str) -> None:
            super().close(code, reason)
            guests.release_guest("ann", self)

    tabs = [Disconnected(), Disconnected()]
    session = guests.acquire_guest("ann", None, tabs[0]).session
    guests.acquire_guest("ann", session, tabs[1])
    guests.acquire_verified("ann")
    guests.release_verified("ann")
    assert [tab.codes for tab in tabs] == [[Close.NAME_LOST]] * 2
    assert not len(guests)


def test_a_verified_users_session_proves_nothing_for_a_guest() -> None:
    guests = UserNames()
    verified = guests.acquire_verified("ann")
    _rejected(guests, "ann", verified.session)


def test_a_suggestion_is_fast_when_all_small_numbers_are_in_use() -> None:
    guests = UserNames()
    for name in ["ann", *(f"ann{number}" for number in range(2, 100))]:
        guests.acquire_guest(name)
    guests.acquire_guest(_rejected(guests, "ann"))


@given(st.text(min_size=1, max_size=32).filter(lambda name: user_fault(name) is None))
def test_a_suggestion_is_a_free_name(name: str) -> None:
    guests = UserNames()
    guests.acquire_guest(name)
    suggestion = _rejected(guests, name)
    assert user_fault(suggestion) is None
    guests.acquire_guest(suggestion)


def test_names_in_the_format_of_another_version_are_skipped() -> None:
    names = RoomPresence(NAMES, changed=lambda: None, on_unpublished=lambda _: None)
    guests, tab = UserNames(names), _Peer()
    guests.acquire_guest("bob", connection=tab)
    odd = [
        "ann",
        "ann\n",
        "ann\nsoon\nabc\nann",
        "ann\n1\n\u00e4\nann",
        "ann\n1\nabc\nann\nmore",
        "ann\n-1\n\nann",
    ]
    bob_by_token = "bob\n0\n\nbob"
    names.roster.update("later", [*odd, bob_by_token], [])
    names.changed()
    assert tab.codes == [Close.NAME_LOST]
    assert guests.acquire_guest("ann").user == "ann"
    assert len(guests) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_claimed_on_two_nodes_keeps_one_spelling_and_is_held_until_both_release_it(
    order: int,
) -> None:
    names = RoomPresence(NAMES, changed=lambda: None, on_unpublished=lambda _: None)
    guests, proof = UserNames(names), hashlib.sha256(SESSION.encode()).hexdigest()[:32]
    lines = [f"ann\n{at}\n{proof}\n{name}" for at, name in ((1, "Ann"), (2, "ann"))]
    for line in lines[::order]:
        names.roster.update("another", [line], [])
        names.changed()
    assert guests.acquire_guest("ANN", SESSION).user == "ann"
    guests.release_guest("ann")
    for line in lines:
        _rejected(guests, "ann")
        names.roster.update("another", [], [line])
        names.changed()
    assert guests.acquire_guest("ann").user == "ann"


class Connections(RuleBasedStateMachine):
    """Guests and verified users connect and disconnect; the names in use are theirs."""

    guests_here = Bundle("guests_here")
    verified_here = Bundle("verified_here")

    def __init__(self) -> None:
        super().__init__()
        self.guests = UserNames()
        self.here: Counter[str] = Counter()

    def _connected(self, taken: AcquiredName) -> AcquiredName:
        self.here[fold_user(taken.user)] += 1
        return taken

    @rule(target=guests_here, name=st.sampled_from(["ann", "Ann", "a\u200bnn", "bob"]))
    def guest_connects(self, name: str) -> AcquiredName:
        try:
            return self._connected(self.guests.acquire_guest(name))
        except UserNameTaken as rejection:
            return self._connected(self.guests.acquire_guest(rejection.suggestion))

    @rule(target=verified_here, name=st.sampled_from(["ann", "bob"]))
    def verified_connects(self, name: str) -> AcquiredName:
        return self._connected(self.guests.acquire_verified(name))

    @rule(target=guests_here, tab=guests_here)
    def guest_opens_a_tab(self, tab: AcquiredName) -> AcquiredName:
        try:
            return self._connected(self.guests.acquire_guest(*tab))
        except UserNameTaken as rejection:
            return self._connected(self.guests.acquire_guest(rejection.suggestion))

    @rule(taken=consumes(guests_here))
    def guest_leaves(self, taken: AcquiredName) -> None:
        self.guests.release_guest(taken.user)
        self.here[fold_user(taken.user)] -= 1

    @rule(taken=consumes(verified_here))
    def verified_leaves(self, taken: AcquiredName) -> None:
        self.guests.release_verified(taken.user)
        self.here[fold_user(taken.user)] -= 1

    @invariant()
    def names_in_use_are_those_of_connected_users(self) -> None:
        assert len(self.guests) == len(+self.here)


test_everything_returns_to_zero = Connections.TestCase
