"""One timer wheel pings all connections and closes dead ones (CN7)."""

from __future__ import annotations

import pytest

from tests.service.framing import Op, frame
from tests.service.peer import Peer
from tests.service.serving import Served

pytestmark = pytest.mark.settings(ping_seconds=0.2)


async def answer_pings(peer: Peer, count: int) -> list[str]:
    """Answer a number of pings; list the opcodes of all received frames."""
    opcodes = []
    while count:
        found = await peer.frame()
        opcodes.append(found.op.name)
        if found.op is Op.PING:
            await peer.write(frame(found.data, Op.PONG))
            count -= 1
    return opcodes


async def test_a_peer_that_answers_stays_and_receives_each_ping_twice(served: Served) -> None:
    peer = await served.welcomed()
    # The event as well, because scripts in a browser can't see the other.
    assert await answer_pings(peer, 3) == ["TEXT", "PING"] * 3


async def test_a_peer_without_answers_is_closed_with_4101(served: Served) -> None:
    half_open, _ = await served.joined("ann")
    assert await half_open.closed() == 4101


async def test_a_peer_that_sends_commands_need_not_answer_pings(served: Served) -> None:
    peer, _ = await served.joined("ann")
    for _ in range(3):
        await peer.event("ping")
        await peer.ask("who", room="lobby")


async def test_a_connection_with_paused_input_is_not_considered_dead(served: Served) -> None:
    peer = await served.welcomed()
    [connection] = served.node.connections
    connection.pause_input()
    for _ in range(3):
        await peer.event("ping")
    connection.resume_input()
    # From here on it misses its pings.
    assert await peer.closed() == 4101
