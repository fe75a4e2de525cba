"""Nodes and the broker die while people chat: all of them resume, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hubbub_client.events import Position
from tests.e2e.backbones import NAMES
from tests.e2e.cluster import Cluster, cluster
from tests.e2e.crowd import Crowd, Person, crowd_at

PEOPLE = 4
EACH = 30
# What happens in the middle of each part of the talk.
PARTS = (("kill 0",), ("start 0", "kill 1"), ("start 1", "kill broker", "start broker"))


@pytest.fixture(params=NAMES)
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    async with cluster(request.param) as started:
        yield started


async def go_wrong(nodes: Cluster, gathered: Crowd, after: int, faults: tuple[str, ...]) -> None:
    """Do to the cluster what is to happen when so much was seen."""
    await gathered.seen(after)
    for fault in faults:
        order, which = fault.split()
        await (nodes.kill if order == "kill" else nodes.start)(which)


def story(person: Person) -> list[tuple[Position, str]]:
    return [(message.position, message.text) for message in person.messages()]


@pytest.mark.timeout(180)
async def test_clients_of_a_dead_node_resume_at_the_other_and_lose_nothing(nodes: Cluster) -> None:
    doors = [f"ws://127.0.0.1:{nodes.doors[number % 2]}" for number in range(PEOPLE)]
    async with crowd_at(*doors) as gathered:
        for part, faults in enumerate(PARTS):
            said = part * PEOPLE * EACH
            async with asyncio.TaskGroup() as talk:
                for person in gathered.people:
                    talk.create_task(person.talk(EACH, first=part * EACH))
                talk.create_task(go_wrong(nodes, gathered, PEOPLE * said + PEOPLE * EACH, faults))
        everything = len(PARTS) * PEOPLE * EACH
        await gathered.until(lambda: all(len(person.seen) >= everything for person in gathered.people))
    first, *others = gathered.people
    assert None not in first.seen, "a gap where nothing was trimmed"
    assert all(other.seen == first.seen for other in others)
    assert len({position.epoch for position, _ in story(first)}) == 1
    offsets = [position.offset for position, _ in story(first)]
    assert offsets == sorted(set(offsets))
    for person in gathered.people:
        mine = [text for _, text in story(first) if text.startswith(f"{person.name} ")]
        assert mine == [f"{person.name} {number}" for number in range(len(PARTS) * EACH)]
        assert {(got.position, text) for text, got in person.receipts.items()} <= set(story(first))
