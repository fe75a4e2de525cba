"""The names of users with tokens, which stay theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from service.cluster.kept_names import Claim, KeptNames
from service.cluster.name_errors import UserNameTaken
from service.cluster.user_names import UserNames
from service.identity.look_alikes import look_alike_key

KEPT: Final = 100.0


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Node:
    """The claims of a node, and a room of claims that nodes share."""

    def __init__(self, room: list[list[Claim]], clock: Clock, **bounds: int) -> None:
        self.room = room
        self.names = KeptNames(seconds=KEPT, clock=clock, **bounds)
        self._read = 0

    def claim(self, name: str, user_id: str) -> str:
        return self.names.claim(name, user_id, numbered)

    def store(self) -> None:
        while claims := self.names.unstored():
            self.room.append(claims)
            self.names.stored(claims)
        self.read()

    def read(self) -> None:
        for offset in range(self._read, len(self.room)):
            self.names.apply(offset + 1, self.room[offset])
        self._read = len(self.room)

    def keeps(self, name: str) -> bool:
        return self.names.has(look_alike_key(name))


def numbered(name: str) -> Iterator[str]:
    return (f"{name}{number}" for number in range(2, 100))


def test_two_users_of_one_name_are_shown_by_two_names() -> None:
    room: list[list[Claim]] = []
    one, other = Node(room, Clock()), Node(room, Clock())
    assert one.claim("Ann", "u1") == "Ann"
    assert one.claim("ANN", "u2") == "ANN2"
    assert one.claim("Ann", "u1") == "Ann"
    one.store()
    other.read()
    assert other.claim("ann", "u3") == "ann3"
    assert other.claim("Ann", "u2") == "Ann2"
    assert other.claim("Ann", "u1") == "Ann"


def test_a_name_is_kept_while_its_user_is_away_and_no_longer_than_history() -> None:
    clock = Clock()
    node = Node([], clock)
    node.claim("ann", "u1")
    node.store()
    clock.now += KEPT
    assert node.keeps("\u0430nn")
    clock.now += 1
    assert not node.keeps("ann")
    assert node.claim("ann", "u2") == "ann"
    node.store()
    assert node.claim("ann", "u1") == "ann2"


def test_a_claim_is_repeated_when_it_is_half_as_old_as_what_is_kept() -> None:
    clock = Clock()
    node = Node([], clock)
    for passed, entries in ((0, 1), (KEPT / 2, 1), (1, 2), (1, 2)):
        clock.now += passed
        node.claim("ann", "u1")
        node.store()
        assert len(node.room) == entries


def test_a_claim_is_repeated_before_it_is_trimmed() -> None:
    node = Node([], Clock(), entries=4)
    for number in range(4):
        node.claim(f"user{'abcd'[number]}", f"u{number}")
        node.store()
    node.claim("usera", "u0")
    node.claim("userd", "u3")
    node.store()
    assert [claim.name for claim in node.room[-1]] == ["usera"]


def test_the_first_claim_counts_if_two_nodes_make_one_at_once() -> None:
    room: list[list[Claim]] = []
    nodes = [Node(room, Clock()), Node(room, Clock())]
    assert [node.claim("ann", f"u{number}") for number, node in enumerate(nodes)] == ["ann", "ann"]
    for node in nodes:
        node.store()
    nodes[0].read()
    assert [node.claim("ann", "u1") for node in nodes] == ["ann2", "ann2"]


def test_no_user_takes_all_names() -> None:
    node = Node([], Clock(), most=3, most_per_user=2)
    for name, user in (("a", "u1"), ("b", "u1"), ("c", "u1"), ("d", "u2"), ("e", "u3")):
        assert node.claim(name, user) == name
        node.store()
    assert [name for name in "abcde" if node.keeps(name)] == ["b", "d", "e"]
    assert len(node.names) == 3
    assert node.claim("f", "u1") == "f"
    node.store()
    assert node.keeps("f")


def test_no_guest_has_the_name_of_a_user_with_a_token() -> None:
    names = UserNames(kept=KeptNames())
    session = names.acquire_guest("ann").session
    assert names.acquire_verified("Ann", user_id="u1").user == "Ann"
    assert names.acquire_verified("ann", user_id="u2").user == "ann2"
    names.release_verified("Ann", user_id="u1")
    names.release_verified("ann2", user_id="u2")
    names.release_guest("ann")
    for name in ("ann", "\u0430nn", "ann2"):
        with pytest.raises(UserNameTaken) as rejected:
            names.acquire_guest(name, session)
        assert names.acquire_guest(rejected.value.suggestion, session)
