"""No two rooms share a key, a channel or a hash tag, and rooms are spread over all slots."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from brokers.redis.keyspace import SLOTS, Keyspace, slot_of

ROOMS = st.text(st.characters(codec="utf-8"))
NAMES = Keyspace("hubbub", 0)


@given(ROOMS, ROOMS, ROOMS)
def test_no_two_rooms_share_a_key_or_a_channel(one: str, other: str, key: str) -> None:
    def all_of(room: str) -> set[str]:
        channel = NAMES.channel(room).decode()
        return {NAMES.head(room), NAMES.stream(room), NAMES.key(room, key), channel, NAMES.rooms}

    assert one == other or all_of(one) & all_of(other) == {NAMES.rooms}


@given(ROOMS, ROOMS)
def test_the_hash_tag_is_the_room_and_no_glob_is_in_a_channel(room: str, key: str) -> None:
    def tag(name: str) -> str:
        found = re.match(r"[^{]*\{([^}]+)\}", name)  # what a cluster hashes
        assert found
        return found[1]

    channel = NAMES.channel(room).decode()
    assert {tag(name) for name in (NAMES.head(room), NAMES.stream(room), NAMES.key(room, key), channel)} == {
        tag(channel)
    }
    assert not set("*?[]\\ ") & set(channel)


ODD = [
    "*", ">", ".", "{}", "{x}", "}{", "a b", "\N{PILE OF POO}", "x" * 200, "a\nb", "", "rooms", "x}:head",
    "%7Bx%7D",
]  # fmt: skip


@given(st.one_of(ROOMS, st.sampled_from(ODD), st.text(st.sampled_from("{}:%*?[]\\> \n\0x"))), ROOMS)
def test_a_room_is_in_one_slot_that_its_name_cannot_choose(room: str, key: str) -> None:
    names = (NAMES.head(room), NAMES.stream(room), NAMES.key(room, key), NAMES.channel(room))
    assert {slot_of(name) for name in names} == {NAMES.slot(room)}
    inside = re.fullmatch(r"\{(.*)\}", room)
    assert not inside or f"{{{inside[1]}}}" not in NAMES.head(room)


def test_rooms_are_spread_over_all_slots() -> None:
    thirds = [NAMES.slot(f"{{x}}{number}") * 3 // SLOTS for number in range(3000)]
    assert all(900 < thirds.count(third) < 1100 for third in range(3))


def test_nothing_else_of_ours_can_be_a_room() -> None:
    others = {
        NAMES.rooms,
        NAMES.probe("a", 1).decode(),
        *(f"{NAMES.scratch(1)}{kind}" for kind in ("hash", "key")),
    }
    for room in [*ODD, "1", "probe", "1}:check"]:
        ours = {NAMES.head(room), NAMES.stream(room), NAMES.key(room, "key"), NAMES.channel(room).decode()}
        assert not ours & others


def test_channels_of_two_databases_and_of_two_prefixes_differ() -> None:
    names = (Keyspace("a", 0), Keyspace("a", 1), Keyspace("b", 0), Keyspace("a:b", 0))
    assert len({name.channel("room") for name in names}) == len(names)
