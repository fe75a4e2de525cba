"""The parts of the Redis broker that decide without a server."""

from __future__ import annotations

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.exceptions import MovedError, NoScriptError, ResponseError, TryAgainError

from brokers.base import Entry
from brokers.errors import Misconfigured, Unavailable
from brokers.redis.connection.compatibility import read_facts, unfit
from brokers.redis.connection.url import read_url
from brokers.redis.keyspace import Names
from brokers.redis.listen.messages import parse
from brokers.redis.listen.subscriptions import SUBSCRIBE, UNSUBSCRIBE, Subscriptions
from brokers.redis.publish.publisher import Answer, Item, sendable_again
from brokers.redis.topology.slot_map import SLOTS, slot_of

ROOMS = st.text(st.characters(codec="utf-8"))
NAMES = Names("hubbub", 0)


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
    names = (Names("a", 0), Names("a", 1), Names("b", 0), Names("a:b", 0))
    assert len({name.channel("room") for name in names}) == len(names)


def test_an_entry_and_a_signal_are_read_as_they_were_written() -> None:
    assert parse("room", b"e12 11 ab.1\nte\nxt") == Entry("room", "ab.1", 11, 12, b"te\nxt")
    assert parse("room", b"s") == b""
    assert parse("room", b"se12") == b"e12"


@pytest.mark.parametrize("data", [b"", b"x", b"e", b"e1 2\n", b"e1 2 3", b"e1 x 3\n", b"\xff\xfe"])
def test_what_is_not_ours_is_an_error_and_no_crash(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse("room", data)


async def sendable(replies: list[object], slots: list[int] | None = None) -> set[int]:
    answer: Answer = asyncio.get_running_loop().create_future()
    items = [Item(b"", answer, 0.0, slot) for slot in slots or [0] * len(replies)]
    return sendable_again(items, replies)


async def test_what_comes_before_a_stored_one_is_not_sent_again() -> None:
    lost, stored = NoScriptError("NOSCRIPT"), [b"epoch", 1, 0]
    assert await sendable([lost, lost, lost]) == {0, 1, 2}
    assert await sendable([lost, stored, lost, ResponseError("OOM"), lost]) == {2, 4}
    assert await sendable([stored, stored]) == set()


async def test_what_another_slot_stored_makes_no_difference() -> None:
    moved, stored = MovedError("7 127.0.0.1:1"), [b"epoch", 1, 0]
    assert await sendable([moved, stored, moved, stored], [7, 8, 7, 8]) == {0, 2}
    assert await sendable([moved, TryAgainError(), stored, moved], [7, 7, 7, 7]) == {3}


async def test_a_confirmation_belongs_to_the_oldest_subscribe() -> None:
    subscriptions = Subscriptions(lambda: None)
    first = subscriptions.join("room", b"channel")
    subscriptions.leave(first)
    second = subscriptions.join("room", b"channel")
    assert subscriptions.take_changes() == [
        (SUBSCRIBE, b"channel"),
        (UNSUBSCRIBE, b"channel"),
        (SUBSCRIBE, b"channel"),
    ]
    subscriptions.answered(b"channel")
    assert (first.confirmed.done(), second.confirmed.done(), subscriptions.settled) == (True, False, False)
    subscriptions.answered(b"channel")
    assert second.confirmed.done()
    assert subscriptions.settled


async def test_a_room_is_left_when_the_last_caller_gave_up_and_none_got_it() -> None:
    subscriptions = Subscriptions(lambda: None)
    one, other = (subscriptions.join("room", b"channel") for _ in range(2))
    subscriptions.gave_up(one)
    assert subscriptions.find(b"channel") is other
    subscriptions.gave_up(other)
    assert subscriptions.find(b"channel") is None


async def test_a_room_that_another_caller_got_is_kept() -> None:
    subscriptions = Subscriptions(lambda: None)
    one, other = (subscriptions.join("room", b"channel") for _ in range(2))
    subscriptions.held(one)
    subscriptions.gave_up(other)
    assert subscriptions.find(b"channel") is one


async def test_after_a_loss_who_waits_has_failed_and_who_had_it_is_asked_for_again() -> None:
    subscriptions = Subscriptions(lambda: None)
    had, waits, left = (subscriptions.join(name, name.encode()) for name in ("had", "waits", "left"))
    subscriptions.answered(b"had")
    subscriptions.held(had)
    subscriptions.leave(left)
    subscriptions.disconnected("gone")
    for subscription in (waits, left):
        assert isinstance(subscription.confirmed.exception(), Unavailable)
    subscriptions.connected()
    assert subscriptions.take_changes() == [(SUBSCRIBE, b"had")]
    assert len(subscriptions) == 1


@pytest.mark.parametrize(
    ("info", "fault"),
    [
        (b"redis_version:6.2.0\r\nrole:master\r\n", ""),
        (b"redis_version:10.0\r\nrole:master\r\n", ""),
        (b"# Server\r\n", ""),
        (b"redis_version:6.0.16\r\nrole:master\r\n", "needs 6.2"),
        (b"redis_version:7.2.4\r\nrole:slave\r\n", "replica"),
    ],
)
def test_a_server_that_cannot_serve_us_is_told_by_what_it_says(info: bytes, fault: str) -> None:
    found = unfit(read_facts(info), cluster=False)
    assert bool(found) == bool(fault)
    assert fault in found


@pytest.mark.parametrize(
    ("url", "db"),
    [("redis://h", 0), ("redis://h/3", 3), ("unix:///s?db=2", 2), ("redis+sentinel://a:1,b/name/4", 4)],
)
async def test_the_database_of_an_address_is_known(url: str, db: int) -> None:
    assert read_url(url, 1.0).database == db


async def test_an_address_cannot_switch_off_what_the_broker_relies_on() -> None:
    url = "redis://h?decode_responses=true&protocol=3&socket_timeout=9"
    pool = read_url(url, 1.0).open(None)
    kept = {name: pool.connection_kwargs[name] for name in ("decode_responses", "protocol", "socket_timeout")}
    assert kept == {"decode_responses": False, "protocol": 2, "socket_timeout": None}


@pytest.mark.parametrize(
    "url", ["", "http://h", "redis+cluster://h/1", "redis://h:x", "redis+sentinel:///name"]
)
async def test_no_address_of_redis_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        read_url(url, 1.0).open(None)
