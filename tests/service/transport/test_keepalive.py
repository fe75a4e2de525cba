"""One wheel pings all connections, and finds those whose peer is gone (CN7)."""

from __future__ import annotations

import pytest

from tests.service.framing import Op, frame
from tests.service.peer import Peer
from tests.service.serving import Served

pytestmark = pytest.mark.settings(ping_seconds=0.2)


async def all_kinds(peer: Peer, turns: int) -> list[str]:
    """Answer so many pings; list what came in all."""
    kinds = []
    while turns:
        found = await peer.frame()
        kinds.append(found.op.name)
        if found.op is Op.PING:
            await peer.write(frame(found.data, Op.PONG))
            turns -= 1
    return kinds


async def test_a_peer_that_answers_stays_and_sees_each_ping_twice(served: Served) -> None:
    peer = await served.welcomed()
    # The event, for browsers can't see the other.
    assert await all_kinds(peer, 3) == ["TEXT", "PING"] * 3


async def test_a_peer_that_answers_nothing_is_closed_with_4101(served: Served) -> None:
    half_open, _ = await served.joined("ann")
    assert await half_open.closed() == 4101


async def test_a_peer_that_speaks_need_not_answer_pings(served: Served) -> None:
    peer, _ = await served.joined("ann")
    for _ in range(3):
        await peer.event("ping")
        await peer.ask("who", room="lobby")


async def test_a_paused_or_held_connection_is_not_taken_for_dead(served: Served) -> None:
    peer = await served.welcomed()
    [connection] = served.node.connections
    connection.hold_reading(hold=True)
    for _ in range(3):
        await peer.event("ping")
    connection.hold_reading(hold=False)
    # Now its silence is its own.
    assert await peer.closed() == 4101
