"""The listing of open rooms on all nodes, over a simulated network."""

from __future__ import annotations

import asyncio
from typing import cast

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service.cluster.cluster import Cluster
from service.cluster.room_listing import RoomListing, RoomListPage
from service.cluster.signals import AnySignal, ListRooms, RoomEnd, RoomsListed, decode, encode
from service.identity.identity import ALL_ROOMS, RoomSet
from service.runtime.metrics import Metrics

ROOMS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(0, 5))


class Node:
    """A node that receives signals at once; a silent one receives none."""

    def __init__(
        self,
        name: str,
        rooms: dict[str, int],
        nodes: list[Node],
        *,
        ends: dict[str, RoomEnd] | None = None,
        silent: bool = False,
        timeout: float = 0.5,
    ) -> None:
        self.name = name
        self.nodes = nodes
        self.silent = silent
        self.metrics = Metrics()
        self.ends = ends or {}
        self.listing = RoomListing(
            cast("Cluster", self), self.metrics, rooms.items, self.ends.get, timeout=timeout
        )
        nodes.append(self)

    def live_nodes(self) -> set[str]:
        return {node.name for node in self.nodes if node is not self}

    def publish(self, signal: AnySignal) -> None:
        said = decode(encode(signal))
        assert isinstance(said, ListRooms | RoomsListed)
        for node in self.nodes:
            if not node.silent:
                node.listing.receive(said)


def cluster(*rooms: dict[str, int], timeout: float = 0.5) -> list[Node]:
    nodes: list[Node] = []
    for number, here in enumerate(rooms):
        Node(f"node {number}", here, nodes, timeout=timeout)
    return nodes


async def read_all(listing: RoomListing, readable: RoomSet, most: int) -> list[tuple[str, int]]:
    """Read page by page."""
    found: list[tuple[str, int]] = []
    page = RoomListPage({}, more=True)
    while page.more:
        page = await listing.page(readable, found[-1][0] if found else "", most)
        assert page.complete
        assert len(page.rooms) == most or not page.more
        found += page.rooms.items()
    return found


@hypothesis_settings(deadline=None)
@given(st.lists(ROOMS, min_size=1, max_size=4), st.integers(1, 4))
def test_pages_hold_each_room_of_all_nodes_once_by_alphabet(here: list[dict[str, int]], most: int) -> None:
    nodes = cluster(*here)
    everything = {room: max(each.get(room, 0) for each in here) for room in set().union(*here)}
    assert asyncio.run(read_all(nodes[0].listing, ALL_ROOMS, most)) == sorted(everything.items())
    readable = RoomSet(frozenset("a"), ("c",))
    mine = [(room, users) for room, users in sorted(everything.items()) if room in {"a", "c"}]
    assert asyncio.run(read_all(nodes[-1].listing, readable, most)) == mine


async def test_the_wait_for_a_node_that_does_not_answer_is_bounded() -> None:
    nodes = cluster({"a": 1}, {"b": 2}, timeout=0.01)
    Node("silent", {"c": 3}, nodes, silent=True)
    page = await nodes[0].listing.page(ALL_ROOMS, "", 10)
    assert (page.rooms, page.more, page.complete) == ({"a": 1, "b": 2}, False, False)
    assert nodes[0].metrics.listings_incomplete == 1


async def test_unknown_and_late_answers_are_ignored() -> None:
    nodes = cluster({"a": 1}, {"b": 2})
    await nodes[0].listing.page(ALL_ROOMS, "", 10)
    for number in (1, 7):
        nodes[1].publish(RoomsListed(node="node 1", to="node 0", number=number, rooms={"z": 9}, more=True))
    assert (await nodes[0].listing.page(ALL_ROOMS, "", 10)).rooms == {"a": 1, "b": 2}


async def test_a_room_has_the_end_of_the_node_that_is_ahead() -> None:
    nodes: list[Node] = []
    Node("one", {"a": 1, "b": 1}, nodes, ends={"a": RoomEnd("e", 7, 70)})
    Node("two", {"a": 1, "c": 1}, nodes, ends={"a": RoomEnd("e", 9, 90), "c": RoomEnd("e", 1, 0)})
    Node("three", {"a": 1, "d": 1}, nodes, ends={"a": RoomEnd("e", 8, 80)})
    page = await nodes[0].listing.page(ALL_ROOMS, "", 3)
    assert page.ends == {"a": RoomEnd("e", 9, 90), "c": RoomEnd("e", 1, 0)}


def test_an_answer_of_an_older_node_has_no_ends() -> None:
    said = decode(b'{"signal":"roomslisted","node":"n","to":"m","number":1,"rooms":{"a":1},"more":false}')
    assert said == RoomsListed(node="n", to="m", number=1, rooms={"a": 1}, more=False)
