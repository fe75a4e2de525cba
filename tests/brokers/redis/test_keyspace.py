"""No two rooms share a key, a channel or a hash tag, and rooms are spread over all slots."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from brokers.redis.keyspace import SLOTS, Keyspace, slot_of

ROOMS = st.text(st.characters(codec="utf-8"))
KEYSPACE = Keyspace("hubbub", 0)


@given(ROOMS, ROOMS, ROOMS)
def test_no_two_rooms_share_a_key_or_a_channel(one: str, other: str, key: str) -> None:
    def all_of(room: str) -> set[str]:
        channel = KEYSPACE.channel(room).decode()
        return {KEYSPACE.head(room), KEYSPACE.stream(room), KEYSPACE.key(room, key), channel, KEYSPACE.rooms}

    assert one == other or all_of(one) & all_of(other) == {KEYSPACE.rooms}


@given(ROOMS, ROOMS)
def test_the_hash_tag_is_the_room_and_no_glob_is_in_a_channel(room: str, key: str) -> None:
    def tag(name: str) -> str:
        found = re.match(r"[^{]*\{([^}]+)\}", name)  # what a cluster hashes
        assert found
        return found[1]

    channel = KEYSPACE.channel(room).decode()
    assert {
        tag(name) for name in (KEYSPACE.head(room), KEYSPACE.stream(room), KEYSPACE.key(room, key), channel)
    } == {tag(channel)}
    assert not set("*?[]\\ ") & set(channel)


ODD = [
    "*", ">", ".", "{}", "{x}", "}{", "a b", "\N{PILE OF POO}", "x" * 200, "a\nb", "", "rooms", "x}:head",
    "%7Bx%7D",
]  # fmt: skip


@given(st.one_of(ROOMS, st.sampled_from(ODD), st.text(st.sampled_from("{}:%*?[]\\> \n\0x"))), ROOMS)
def test_a_room_is_in_one_slot_that_its_name_cannot_choose(room: str, key: str) -> None:
    keyspace = (KEYSPACE.head(room), KEYSPACE.stream(room), KEYSPACE.key(room, key), KEYSPACE.channel(room))
    assert {slot_of(name) for name in keyspace} == {KEYSPACE.slot(room)}
    inside = re.fullmatch(r"\{(.*)\}", room)
    assert not inside or f"{{{inside[1]}}}" not in KEYSPACE.head(room)


def test_rooms_are_spread_over_all_slots() -> None:
    thirds = [KEYSPACE.slot(f"{{x}}{number}") * 3 // SLOTS for number in range(3000)]
    assert all(900 < thirds.count(third) < 1100 for third in range(3))


def test_no_other_key_can_belong_to_a_room() -> None:
    others = {
        KEYSPACE.rooms,
        KEYSPACE.probe("a", 1).decode(),
        *(f"{KEYSPACE.scratch(1)}{kind}" for kind in ("hash", "key")),
    }
    for room in [*ODD, "1", "probe", "1}:check"]:
        ours = {
            KEYSPACE.head(room),
            KEYSPACE.stream(room),
            KEYSPACE.key(room, "key"),
            KEYSPACE.channel(room).decode(),
        }
        assert not ours & others


def test_channels_of_two_databases_and_of_two_prefixes_differ() -> None:
    keyspace = (Keyspace("a", 0), Keyspace("a", 1), Keyspace("b", 0), Keyspace("a:b", 0))
    assert len({name.channel("room") for name in keyspace}) == len(keyspace)
