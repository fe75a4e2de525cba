"""A slow consumer affects no other client, costs little memory, and receives every message once."""

from __future__ import annotations

from typing import Any, Final

import pytest

from service.wire.messages import MessagePayload, encode_stored
from tests.service.peer import Ended, Event, Peer
from tests.service.serving import Served, serving, until

MESSAGES: Final = 100_000
BATCH: Final = 1_000
SIZE: Final = 200
LOG: Final = 256 * 1024
BUFFER: Final = 64 * 1024
HISTORY: Final[dict[str, Any]] = {"history_entries": 2 * MESSAGES, "history_bytes": 1 << 30}


def publish(served: Served, first: int, count: int) -> None:
    for number in range(first, first + count):
        stored = MessagePayload(
            key=f"{number}", user="eve", user_id="eve", kind="guest", text=f"{number}".ljust(SIZE, "."), at=0
        )
        served.publish("lobby", encode_stored(stored))


async def offsets(peer: Peer, last: int, found: list[int]) -> list[int]:
    """Read messages until the offset `last`, and append them to those found already."""
    while not found or found[-1] < last:
        found.append((await peer.event("message"))["offset"])
    return found


async def joined_slowly(served: Served, name: str, **fields: object) -> tuple[Peer, Event]:
    """Join with a peer that has a small receive buffer."""
    peer = await served.welcomed(name, receive_buffer=4096)
    return peer, await peer.ask("join", room="lobby", **fields)


def held_for_members(served: Served) -> int:
    """Return the bytes that the node holds for its members: in the rooms' logs, and unsent."""
    unsent = sum(
        connection._socket._transport.get_write_buffer_size()  # type: ignore[attr-defined]  # noqa: SLF001
        for connection in served.node.connections
    )
    return int(served.node.metrics.sample()["log_bytes"]) + unsent


@pytest.mark.parametrize("resumes", [True, False], ids=["reads on", "reconnects"])
async def test_100_000_messages_pass_a_slow_consumer(no_errors_logged: None, *, resumes: bool) -> None:
    assert no_errors_logged is None
    lagging = 60.0 if resumes else 0.3
    async with serving(
        log_bytes=LOG, write_buffer_bytes=BUFFER, lagging_seconds=lagging, **HISTORY
    ) as served:
        reader, _ = await served.joined("ann")
        slow, start = await joined_slowly(served, "bob", limit=0)
        most, seen = 0, list[int]()
        for first in range(1, MESSAGES, BATCH):
            publish(served, first, BATCH)
            # The slow consumer delays nothing: the reader reads each batch before the next one is published.
            await offsets(reader, first + BATCH - 1, seen)
            most = max(most, held_for_members(served))
        assert seen == list(range(1, MESSAGES + 1))
        # The log, what one write may add to a full buffer, and a margin.
        assert most < LOG + 2 * BUFFER + LOG // 2 + BUFFER
        if resumes:
            assert served.node.metrics.sample()["slow_consumers"] == 1
            assert await offsets(slow, MESSAGES, []) == seen
            assert set(served.node.metrics.catchups.counts) == {"log", "history"}
        else:
            await until(lambda: served.node.metrics.connections_closed.counts == {"4000": 1})
            await _reconnects(served, slow, start["epoch"])


async def _reconnects(served: Served, slow: Peer, epoch: str) -> None:
    """Resume after the last message read, like a client that was closed with 4000."""
    found = await _whole_messages(slow)
    assert found == list(range(1, len(found) + 1))
    again, joined = await joined_slowly(
        served, "bob2", since={"epoch": epoch, "offset": len(found)}, limit=200
    )
    assert joined["recovered"] is True
    found += [message["offset"] for message in joined["messages"]]
    assert await offsets(again, MESSAGES, found) == list(range(1, MESSAGES + 1))


async def _whole_messages(peer: Peer) -> list[int]:
    """Read what arrived before the connection was closed."""
    found = list[int]()
    try:
        while True:
            found.append((await peer.event("message"))["offset"])
    except (Ended, ConnectionError):
        return found


async def test_a_slow_consumer_reads_why_it_is_closed_if_it_reads_in_time(
    no_errors_logged: None,
) -> None:
    assert no_errors_logged is None
    async with serving(lagging_seconds=0.2, close_seconds=10.0, **HISTORY) as served:
        slow, _ = await joined_slowly(served, "bob", limit=0)
        publish(served, 1, 30_000)
        await until(lambda: served.node.metrics.sample()["slow_consumers"] == 1)
        await until(lambda: all(connection.closing for connection in served.node.connections))
        assert await slow.closed() == 4000


async def test_a_slow_consumer_receives_a_reset_at_its_own_position(no_errors_logged: None) -> None:
    assert no_errors_logged is None
    async with serving(log_entries=100, history_entries=1000) as served:
        slow, _ = await joined_slowly(served, "bob", limit=0)
        for first in range(1, 40_000, BATCH):
            publish(served, first, BATCH)
        await until(lambda: served.node.metrics.sample()["slow_consumers"] == 1)
        seen = await _until_reset(slow)
        assert seen == list(range(1, len(seen) + 1))
        seen = await offsets(slow, 40_000, [])
        assert seen == list(range(39_001, 40_001))


async def _until_reset(peer: Peer) -> list[int]:
    """Read messages up to a reset; its position must be just before the entries that are kept."""
    found = list[int]()
    while (event := await peer.event("message", "reset"))["type"] == "message":
        found.append(event["offset"])
    assert event["offset"] == 39_000
    return found
