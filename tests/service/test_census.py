"""Which rooms are open on all nodes, asked of them over a network that does what the test says."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from service.auth import ALL_ROOMS, Rooms
from service.census import Census, Page
from service.metrics import Metrics
from service.presence import Cluster
from service.signals import AnySignal, ListRooms, RoomsListed, decode, encode

ROOMS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(0, 5))


class Node:
    """A node that hears the others at once; a deaf one hears nobody."""

    def __init__(self, name: str, rooms: dict[str, int], nodes: list[Node], *, deaf: bool = False) -> None:
        self.name = name
        self.nodes = nodes
        self.deaf = deaf
        self.metrics = Metrics()
        self.census = Census(cast("Cluster", self), self.metrics, rooms.items)
        nodes.append(self)

    def awake(self) -> set[str]:
        return {node.name for node in self.nodes if node is not self}

    def tell(self, signal: AnySignal) -> None:
        said = decode(encode(signal))
        assert isinstance(said, ListRooms | RoomsListed)
        for node in self.nodes:
            if not node.deaf:
                node.census.hear(said)


def cluster(*rooms: dict[str, int]) -> list[Node]:
    nodes: list[Node] = []
    for number, here in enumerate(rooms):
        Node(f"node {number}", here, nodes)
    return nodes


async def read_all(census: Census, readable: Rooms, most: int) -> list[tuple[str, int]]:
    """Read page by page."""
    found: list[tuple[str, int]] = []
    page = Page({}, more=True)
    while page.more:
        page = await census.page(readable, found[-1][0] if found else "", most)
        assert page.complete
        assert len(page.rooms) == most or not page.more
        found += page.rooms.items()
    return found


@hypothesis_settings(deadline=None)
@given(st.lists(ROOMS, min_size=1, max_size=4), st.integers(1, 4))
def test_pages_hold_each_room_of_all_nodes_once_by_alphabet(here: list[dict[str, int]], most: int) -> None:
    nodes = cluster(*here)
    everything = {room: max(each.get(room, 0) for each in here) for room in set().union(*here)}
    assert asyncio.run(read_all(nodes[0].census, ALL_ROOMS, most)) == sorted(everything.items())
    readable = Rooms(frozenset("a"), ("c",))
    mine = [(room, users) for room, users in sorted(everything.items()) if room in {"a", "c"}]
    assert asyncio.run(read_all(nodes[-1].census, readable, most)) == mine


async def test_a_node_that_does_not_answer_is_waited_for_no_longer_than_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.census.PATIENCE", 0.01)
    nodes = cluster({"a": 1}, {"b": 2})
    Node("deaf", {"c": 3}, nodes, deaf=True)
    page = await nodes[0].census.page(ALL_ROOMS, "", 10)
    assert (page.rooms, page.more, page.complete) == ({"a": 1, "b": 2}, False, False)
    assert nodes[0].metrics.listings_incomplete == 1


async def test_what_was_not_asked_or_comes_too_late_is_passed_over() -> None:
    nodes = cluster({"a": 1}, {"b": 2})
    await nodes[0].census.page(ALL_ROOMS, "", 10)
    for number in (1, 7):
        nodes[1].tell(RoomsListed(node="node 1", to="node 0", number=number, rooms={"z": 9}, more=True))
    assert (await nodes[0].census.page(ALL_ROOMS, "", 10)).rooms == {"a": 1, "b": 2}
