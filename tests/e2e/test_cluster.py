"""Nodes and the broker die while users chat: all clients resume, nothing is lost or duplicated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hubbub_client.events import Position
from tests.e2e.backbones import NAMES
from tests.e2e.cluster import Cluster, cluster
from tests.e2e.crowd import Crowd, User, crowd_at

USERS = 4
EACH = 30
# The faults in the middle of each part of the chat.
PARTS = (("kill 0",), ("start 0", "kill 1"), ("start 1", "kill broker", "start broker"))


@pytest.fixture(params=NAMES)
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    async with cluster(request.param) as started:
        yield started


async def inject(nodes: Cluster, gathered: Crowd, after: int, faults: tuple[str, ...]) -> None:
    """Inject faults when the users have received so many messages."""
    await gathered.until_received(after)
    for fault in faults:
        action, which = fault.split()
        await (nodes.kill if action == "kill" else nodes.start)(which)


def received(user: User) -> list[tuple[Position, str]]:
    return [(message.position, message.text) for message in user.messages()]


@pytest.mark.timeout(180)
async def test_clients_of_a_dead_node_resume_at_the_other_and_lose_nothing(nodes: Cluster) -> None:
    urls = [f"ws://127.0.0.1:{nodes.ports[number % 2]}" for number in range(USERS)]
    async with crowd_at(*urls) as gathered:
        for part, faults in enumerate(PARTS):
            sent = part * USERS * EACH
            async with asyncio.TaskGroup() as group:
                for user in gathered.users:
                    group.create_task(user.send_numbered(EACH, first=part * EACH))
                group.create_task(inject(nodes, gathered, USERS * sent + USERS * EACH, faults))
        total = len(PARTS) * USERS * EACH
        await gathered.until(lambda: all(len(user.received) >= total for user in gathered.users))
    first, *others = gathered.users
    assert None not in first.received, "a gap where nothing was trimmed"
    assert all(other.received == first.received for other in others)
    assert len({position.epoch for position, _ in received(first)}) == 1
    offsets = [position.offset for position, _ in received(first)]
    assert offsets == sorted(set(offsets))
    for user in gathered.users:
        own = [text for _, text in received(first) if text.startswith(f"{user.name} ")]
        assert own == [f"{user.name} {number}" for number in range(len(PARTS) * EACH)]
        assert {(got.position, text) for text, got in user.receipts.items()} <= set(received(first))
