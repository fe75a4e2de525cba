"""Two nodes on one hub, through the sockets of real clients: presence and names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import count

import pytest

from brokers.base import Broker
from brokers.memory import Hub
from service.cluster.cluster import PUBLISH_DELAY
from service.cluster.signals import NODES, StateRequest, encode
from service.identity.identity import ALL_ROOMS
from tests.faults.faulty import FaultyBroker
from tests.service.peer import Event, Peer
from tests.service.serving import Served, never_blocking, quick, started, until

# After this time a node is lost, in tests that wait for it (seconds).
SOON = 0.5
# Much longer than any test.
NEVER = 300.0


class Pair:
    """Two nodes; the second one can be disconnected."""

    def __init__(self, one: Served, other: Served, link: FaultyBroker) -> None:
        self.one = one
        self.other = other
        self.link = link

    async def discovered(self) -> None:
        """Wait until each has discovered the other."""
        await until(lambda: len(self.one.node.cluster) == len(self.other.node.cluster) == 1)


@asynccontextmanager
async def paired(node_seconds: float = NEVER) -> AsyncIterator[Pair]:
    hub = Hub(quick().broker_options)
    links = list[FaultyBroker]()

    def link(broker: Broker) -> FaultyBroker:
        links.append(FaultyBroker(broker))
        return links[0]

    async with (
        started(hub, node_seconds=node_seconds) as one,
        started(hub, link, node_seconds=node_seconds) as other,
    ):
        pair = Pair(one, other, links[0])
        await pair.discovered()
        with never_blocking():
            yield pair
            await one.nothing_left()
            await other.nothing_left()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with paired() as made:
        yield made


async def presence(peer: Peer) -> tuple[int, list[str], list[str]]:
    """Read the next presence event."""
    event = await peer.event("presence")
    return event["count"], event["joined"], event["left"]


def names(joined: Event) -> list[str]:
    found: list[str] = joined["members"]["names"]
    return found


async def test_a_joining_client_receives_the_users_of_the_other_node_and_is_announced_there(
    pair: Pair,
) -> None:
    ann, _ = await pair.one.joined("ann")
    assert await presence(ann) == (1, ["ann"], [])
    bob, joined = await pair.other.joined("bob")
    assert names(joined) == ["ann", "bob"]
    assert await presence(ann) == (2, ["bob"], [])
    # Users who were there before are not a change.
    assert await presence(bob) == (2, ["bob"], [])
    bob.disconnect()
    assert await presence(ann) == (1, [], ["bob"])


async def test_a_user_on_two_nodes_is_one_member(pair: Pair) -> None:
    watcher, _ = await pair.one.joined("eve")
    await presence(watcher)
    ann = await pair.one.peer()
    await ann.upgrade()
    session = (await ann.ask("hello", name="Ann"))["session"]
    await ann.ask("join", room="lobby")
    assert await presence(watcher) == (2, ["Ann"], [])
    again = await pair.other.peer()
    await again.upgrade()
    welcome = await again.ask("hello", name="ann", session=session)
    assert (welcome["type"], welcome["user"]) == ("welcome", "Ann")
    joined = await again.ask("join", room="lobby")
    assert (joined["members"]["count"], names(joined)) == (2, ["Ann", "eve"])
    room = pair.one.node.rooms.get("lobby")
    assert room is not None
    await until(lambda: room.roster.remote(pair.other.node.name))
    ann.disconnect()
    await until(lambda: len(pair.one.node.connections) == 1)
    who = await watcher.ask("who", room="lobby")
    assert who["names"] == ["Ann", "eve"]
    again.disconnect()
    assert await presence(watcher) == (1, [], ["Ann"])


async def test_a_name_in_use_on_the_other_node_is_taken(pair: Pair) -> None:
    await pair.one.welcomed("ann")
    names_there = pair.other.node.cluster.names.roster
    await until(lambda: len(names_there) == 1)
    thief = await pair.other.upgraded()
    refused = await thief.ask("hello", name="ANN")
    assert (refused["code"], refused["suggestion"]) == ("name_taken", "ANN2")


async def test_a_node_that_ends_removes_its_users_at_once() -> None:
    async with started(Hub(quick().broker_options), node_seconds=NEVER) as one:
        ann, _ = await one.joined("ann")
        await presence(ann)
        async with started(one.hub, node_seconds=NEVER) as other:
            await until(lambda: len(one.node.cluster) == 1)
            bob, _ = await other.joined("bob")
            assert await presence(ann) == (2, ["bob"], [])
        bob.disconnect()
        assert await presence(ann) == (1, [], ["bob"])
        await until(lambda: len(one.node.cluster) == 0)
        await one.nothing_left()


async def test_users_of_a_node_that_misses_heartbeats_leave_and_rejoin_with_it() -> None:
    async with paired(SOON) as pair:
        ann, _ = await pair.one.joined("ann")
        await presence(ann)
        bob, _ = await pair.other.joined("bob")
        assert await presence(ann) == (2, ["bob"], [])
        assert await presence(bob) == (2, ["bob"], [])
        pair.link.cut()
        assert await presence(ann) == (1, [], ["bob"])
        assert pair.one.node.metrics.nodes_lost == 1
        # A disconnected node can't know, and publishes nothing about it.
        await pair.one.joined("eve")
        assert await presence(ann) == (2, ["eve"], [])
        pair.link.mend()
        assert await presence(ann) == (3, ["bob"], [])
        assert await presence(bob) == (3, ["eve"], [])


async def test_a_name_that_two_unreachable_nodes_granted_stays_with_the_earlier_claim() -> None:
    async with paired(SOON) as pair:
        pair.one.node.user_names.clock = pair.other.node.user_names.clock = partial(next, count(1))
        pair.link.cut()
        first = await pair.one.welcomed("ann")
        second = await pair.other.welcomed("Ann")
        pair.link.mend()
        assert await second.closed() == 4002
        assert (await first.ask("join", room="lobby"))["type"] == "joined"


async def test_the_api_lists_members_of_a_room_that_is_open_only_on_the_other_node(pair: Pair) -> None:
    await pair.one.joined("ann")
    async with pair.other.node.rooms.open("lobby") as room:
        assert room.members().names == ["ann"]


async def test_the_rooms_of_all_nodes_are_listed_by_each(pair: Pair) -> None:
    await pair.one.joined("ann", "attic")
    for served, name in ((pair.one, "ann2"), (pair.other, "bob")):
        await served.joined(name)
    for served in (pair.one, pair.other):
        page = await served.node.rooms.listing.page(ALL_ROOMS, "", 10)
        assert (page.rooms, page.more, page.complete) == ({"attic": 1, "lobby": 2}, False, True)


async def test_a_node_without_peers_sends_no_signals(served: Served) -> None:
    before = served.node.metrics.signals_out
    await served.joined("ann")
    assert served.node.metrics.signals_out == before


async def test_a_node_sends_no_signals_after_it_left(pair: Pair) -> None:
    leaving = pair.other.node
    # Until the signals of the start are sent.
    await asyncio.sleep(2 * PUBLISH_DELAY)
    leaving.cluster.close()
    sent = leaving.metrics.signals_out
    # A starting node requests all states, and a task may end only now.
    leaving.rooms.signal(NODES, encode(StateRequest(node="new", to="", number=1, rooms=None)))
    leaving.user_names.acquire_guest("ann")
    await asyncio.sleep(2 * PUBLISH_DELAY)
    assert leaving.metrics.signals_out == sent
    leaving.user_names.release_guest("ann")
    await until(lambda: not len(pair.one.node.cluster))


async def test_who_is_away_is_the_same_on_both_nodes(pair: Pair) -> None:
    eve, _ = await pair.one.joined("eve")
    await presence(eve)
    bob, _ = await pair.other.joined("bob")
    assert await presence(eve) == (2, ["bob"], [])
    await bob.ask("away", away=True)
    assert (await eve.event("presence"))["away"] == ["bob"]
    (found,) = pair.one.node.user_names.find("bob")
    await until(lambda: not pair.one.node.user_names.is_here("bob", found.id))
    assert (await eve.ask("who", room="lobby"))["away"] == ["bob"]
    await bob.ask("away", away=False)
    assert (await eve.event("presence"))["back"] == ["bob"]
    await until(lambda: pair.one.node.user_names.is_here("bob", found.id))


async def test_a_node_that_missed_who_is_away_receives_it_when_it_is_reconnected(pair: Pair) -> None:
    eve, _ = await pair.other.joined("eve")
    bob, _ = await pair.one.joined("bob")
    joined: list[str] = []
    while "bob" not in joined:  # in one broadcast with eve, or in the next
        joined += (await presence(eve))[1]
    pair.link.cut()
    await bob.ask("away", away=True)
    pair.link.mend()
    assert (await eve.event("presence"))["away"] == ["bob"]
