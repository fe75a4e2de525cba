"""The names in use on a node."""

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
from service.cluster.room_presence import RoomPresence
from service.cluster.signals import NAMES
from service.cluster.user_names import InvalidName, NameTaken, Taken, UserNames

SESSION = "abcdefghijklmnopqrstuv"


def _refused(guests: UserNames, name: str, session: str | None = None) -> str:
    with pytest.raises(NameTaken) as refusal:
        guests.take(name, session)
    return refusal.value.suggestion


def test_a_free_name_is_taken_with_a_secret_of_128_bits() -> None:
    taken = UserNames().take("Ann")
    assert taken.user == "Ann"
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", taken.session)


def test_no_two_secrets_are_the_same() -> None:
    guests = UserNames()
    assert len({guests.take(None).session for _ in range(100)}) == 100


def test_a_name_in_use_is_refused_with_the_smallest_free_number() -> None:
    guests = UserNames()
    guests.take("ann")
    assert _refused(guests, "ann") == "ann2"
    guests.take("ann2")
    assert _refused(guests, "ann") == "ann3"


@pytest.mark.parametrize("name", ["ANN", "Ann", "\uff41nn", "an\u200bn", "\u3164ann", "ann\ufe0f"])
def test_names_that_look_alike_are_one_name(name: str) -> None:
    guests = UserNames()
    guests.take("ann")
    _refused(guests, name)


def test_the_same_session_has_the_name_again_as_it_was_first_written() -> None:
    guests = UserNames()
    first = guests.take("Ann")
    assert guests.take("ann", first.session) == first


def test_another_session_does_not_have_it() -> None:
    guests = UserNames()
    guests.take("ann")
    _refused(guests, "ann", SESSION)


def test_a_name_is_free_when_its_last_holder_left() -> None:
    guests = UserNames()
    session = guests.take("ann").session
    guests.take("ann", session)
    guests.free("ANN")
    _refused(guests, "ann")
    guests.free("ann")
    assert guests.take("ann").session != session


def test_a_session_from_another_node_goes_on_here() -> None:
    assert UserNames().take("ann", SESSION) == Taken("ann", SESSION)


@pytest.mark.parametrize("session", ["", "short", "x" * 23, "é" * 22, "a b" * 7 + "c"])
def test_a_session_that_is_none_of_ours_is_replaced(session: str) -> None:
    assert UserNames().take("ann", session).session != session


@pytest.mark.parametrize("name", ["", " ann", "a\nb", "x" * 33, "a\u202eb"])
def test_what_is_no_name_is_refused_and_not_held(name: str) -> None:
    guests = UserNames()
    with pytest.raises(InvalidName, match="the name "):
        guests.take(name)
    assert not len(guests)


def test_a_made_up_name_is_one_that_could_be_chosen() -> None:
    user = UserNames().take(None).user
    assert re.fullmatch(r"guest-([a-z][aeiou]){2}", user)
    assert user_fault(user) is None


def test_made_up_names_never_meet_however_many_there_are() -> None:
    guests = UserNames()
    users = {guests.take(None).user for _ in range(10_000)}
    assert len(users) == len(guests) == 10_000
    assert max(map(len, users)) <= 32


class _Peer:
    """A connection that remembers how it was closed."""

    def __init__(self) -> None:
        self.codes: list[Close] = []

    def close(self, code: Close, reason: str) -> None:
        assert reason
        self.codes.append(code)


def test_the_name_of_a_token_is_always_granted_and_no_guest_has_it_then() -> None:
    guests = UserNames()
    session = guests.take("ann").session
    assert guests.hold("Ann").user == "Ann"
    _refused(guests, "ann", session)
    guests.free("ann")
    _refused(guests, "ann", session)
    guests.release("ann")
    guests.take("ann")


def test_a_name_is_reserved_only_while_somebody_with_a_token_has_it() -> None:
    guests = UserNames()
    taken = guests.take("ann")
    guests.hold("ann")
    guests.hold("ann")
    guests.release("ann")
    _refused(guests, *taken)
    guests.release("ann")
    assert guests.take(*taken) == taken


def test_guests_whose_name_a_token_takes_are_closed_and_others_are_not() -> None:
    guests, tab, other_tab, bob = UserNames(), _Peer(), _Peer(), _Peer()
    session = guests.take("ann", None, tab).session
    guests.take("Ann", session, other_tab)
    guests.take("bob", None, bob)
    guests.hold("ANN")
    assert tab.codes == other_tab.codes == [Close.NAME_LOST]
    assert not bob.codes


def test_a_connection_that_gave_its_name_back_is_not_closed() -> None:
    guests, tab, other_tab = UserNames(), _Peer(), _Peer()
    session = guests.take("ann", None, tab).session
    guests.take("ann", session, other_tab)
    guests.free("ann", tab)
    guests.hold("ann")
    assert (tab.codes, other_tab.codes) == ([], [Close.NAME_LOST])


def test_a_connection_may_give_its_name_back_while_it_is_closed() -> None:
    guests = UserNames()

    class Gone(_Peer):
        @override
        def close(self, code: Close, reason: str) -> None:
            super().close(code, reason)
            guests.free("ann", self)

    tabs = [Gone(), Gone()]
    session = guests.take("ann", None, tabs[0]).session
    guests.take("ann", session, tabs[1])
    guests.hold("ann")
    guests.release("ann")
    assert [tab.codes for tab in tabs] == [[Close.NAME_LOST]] * 2
    assert not len(guests)


def test_the_session_of_a_token_opens_nothing_for_a_guest() -> None:
    guests = UserNames()
    held = guests.hold("ann")
    _refused(guests, "ann", held.session)


def test_a_suggestion_stays_quick_when_all_small_numbers_are_in_use() -> None:
    guests = UserNames()
    for name in ["ann", *(f"ann{number}" for number in range(2, 100))]:
        guests.take(name)
    guests.take(_refused(guests, "ann"))


@given(st.text(min_size=1, max_size=32).filter(lambda name: user_fault(name) is None))
def test_a_suggestion_is_a_name_that_is_free(name: str) -> None:
    guests = UserNames()
    guests.take(name)
    suggestion = _refused(guests, name)
    assert user_fault(suggestion) is None
    guests.take(suggestion)


def test_names_that_another_version_writes_otherwise_are_passed_over() -> None:
    names = RoomPresence(NAMES, changed=lambda: None, told=lambda _: None)
    guests, tab = UserNames(names), _Peer()
    guests.take("bob", connection=tab)
    odd = [
        "ann",
        "ann\n",
        "ann\nsoon\nabc\nann",
        "ann\n1\n\u00e4\nann",
        "ann\n1\nabc\nann\nmore",
        "ann\n-1\n\nann",
    ]
    bob_by_token = "bob\n0\n\nbob"
    names.roster.move("later", [*odd, bob_by_token], [])
    names.changed()
    assert tab.codes == [Close.NAME_LOST]
    assert guests.take("ann").user == "ann"
    assert len(guests) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_on_two_nodes_is_written_alike_in_whatever_order_it_came_and_held_until_both_are_gone(
    order: int,
) -> None:
    names = RoomPresence(NAMES, changed=lambda: None, told=lambda _: None)
    guests, proof = UserNames(names), hashlib.sha256(SESSION.encode()).hexdigest()[:32]
    told = [f"ann\n{at}\n{proof}\n{name}" for at, name in ((1, "Ann"), (2, "ann"))]
    for line in told[::order]:
        names.roster.move("another", [line], [])
        names.changed()
    assert guests.take("ANN", SESSION).user == "ann"
    guests.free("ann")
    for line in told:
        _refused(guests, "ann")
        names.roster.move("another", [], [line])
        names.changed()
    assert guests.take("ann").user == "ann"


class Comings(RuleBasedStateMachine):
    """UserNames and token users come and go; the names in use are those of who is here."""

    guests_here = Bundle("guests_here")
    tokens_here = Bundle("tokens_here")

    def __init__(self) -> None:
        super().__init__()
        self.guests = UserNames()
        self.here: Counter[str] = Counter()

    def _came(self, taken: Taken) -> Taken:
        self.here[fold_user(taken.user)] += 1
        return taken

    @rule(target=guests_here, name=st.sampled_from(["ann", "Ann", "a\u200bnn", "bob"]))
    def guest_comes(self, name: str) -> Taken:
        try:
            return self._came(self.guests.take(name))
        except NameTaken as refusal:
            return self._came(self.guests.take(refusal.suggestion))

    @rule(target=tokens_here, name=st.sampled_from(["ann", "bob"]))
    def token_comes(self, name: str) -> Taken:
        return self._came(self.guests.hold(name))

    @rule(target=guests_here, tab=guests_here)
    def guest_opens_a_tab(self, tab: Taken) -> Taken:
        try:
            return self._came(self.guests.take(*tab))
        except NameTaken as refusal:
            return self._came(self.guests.take(refusal.suggestion))

    @rule(taken=consumes(guests_here))
    def guest_leaves(self, taken: Taken) -> None:
        self.guests.free(taken.user)
        self.here[fold_user(taken.user)] -= 1

    @rule(taken=consumes(tokens_here))
    def token_leaves(self, taken: Taken) -> None:
        self.guests.release(taken.user)
        self.here[fold_user(taken.user)] -= 1

    @invariant()
    def names_in_use_are_those_of_who_is_here(self) -> None:
        assert len(self.guests) == len(+self.here)


test_everything_returns_to_zero = Comings.TestCase
