"""A member that stops reading harms nobody, costs little, and has every message once in the end."""

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


def say(served: Served, first: int, count: int) -> None:
    for number in range(first, first + count):
        stored = MessagePayload(key=f"{number}", user="eve", text=f"{number}".ljust(SIZE, "."), at=0)
        served.publish("lobby", encode_stored(stored))


async def offsets(peer: Peer, last: int, found: list[int]) -> list[int]:
    """Read messages until the offset `last`, behind those that were found already."""
    while not found or found[-1] < last:
        found.append((await peer.event("message"))["offset"])
    return found


async def joined_slowly(served: Served, name: str, **fields: object) -> tuple[Peer, Event]:
    """Join with a peer that takes little at once."""
    peer = await served.welcomed(name, receive_buffer=4096)
    return peer, await peer.ask("join", room="lobby", **fields)


def held_for_readers(served: Served) -> int:
    """Count the bytes that the node holds for its members: in the rooms' logs, and unsent."""
    unsent = sum(
        connection._socket._transport.get_write_buffer_size()  # type: ignore[attr-defined]  # noqa: SLF001
        for connection in served.node.connections
    )
    return int(served.node.metrics.sample()["log_bytes"]) + unsent


@pytest.mark.parametrize("resumes", [True, False], ids=["reads on", "comes back"])
async def test_100_000_messages_pass_a_member_that_does_not_read(
    no_complaints: None, *, resumes: bool
) -> None:
    assert no_complaints is None
    lagging = 60.0 if resumes else 0.3
    async with serving(
        log_bytes=LOG, write_buffer_bytes=BUFFER, lagging_seconds=lagging, **HISTORY
    ) as served:
        reader, _ = await served.joined("ann")
        slow, start = await joined_slowly(served, "bob", limit=0)
        most, seen = 0, list[int]()
        for first in range(1, MESSAGES, BATCH):
            say(served, first, BATCH)
            # Nobody waits for the slow one: each batch is read by the other before the next is sent.
            await offsets(reader, first + BATCH - 1, seen)
            most = max(most, held_for_readers(served))
        assert seen == list(range(1, MESSAGES + 1))
        # The log, what one write may add to a full buffer, and some.
        assert most < LOG + 2 * BUFFER + LOG // 2 + BUFFER
        if resumes:
            assert served.node.metrics.sample()["lagging_members"] == 1
            assert await offsets(slow, MESSAGES, []) == seen
            assert set(served.node.metrics.catchups.counts) == {"log", "history"}
        else:
            await until(lambda: served.node.metrics.closed.counts == {"4000": 1})
            await _comes_back(served, slow, start["epoch"])


async def _comes_back(served: Served, slow: Peer, epoch: str) -> None:
    """Resume behind what was read, as a client does that was closed with 4000."""
    found = await _whole_messages(slow)
    assert found == list(range(1, len(found) + 1))
    again, joined = await joined_slowly(
        served, "bob2", since={"epoch": epoch, "offset": len(found)}, limit=200
    )
    assert joined["recovered"] is True
    found += [message["offset"] for message in joined["messages"]]
    assert await offsets(again, MESSAGES, found) == list(range(1, MESSAGES + 1))


async def _whole_messages(peer: Peer) -> list[int]:
    """Read what came through before the connection broke off."""
    found = list[int]()
    try:
        while True:
            found.append((await peer.event("message"))["offset"])
    except (Ended, ConnectionError):
        return found


async def test_a_lagging_member_is_told_why_it_is_closed_if_it_reads_in_time(
    no_complaints: None,
) -> None:
    assert no_complaints is None
    async with serving(lagging_seconds=0.2, close_seconds=10.0, **HISTORY) as served:
        slow, _ = await joined_slowly(served, "bob", limit=0)
        say(served, 1, 30_000)
        await until(lambda: served.node.metrics.sample()["lagging_members"] == 1)
        await until(lambda: all(connection.closing for connection in served.node.connections))
        assert await slow.closed() == 4000


async def test_a_lagging_member_is_told_of_a_gap_at_the_place_where_it_is(no_complaints: None) -> None:
    assert no_complaints is None
    async with serving(log_entries=100, history_entries=1000) as served:
        slow, _ = await joined_slowly(served, "bob", limit=0)
        for first in range(1, 40_000, BATCH):
            say(served, first, BATCH)
        await until(lambda: served.node.metrics.sample()["lagging_members"] == 1)
        seen = await _until_reset(slow)
        assert seen == list(range(1, len(seen) + 1))
        seen = await offsets(slow, 40_000, [])
        assert seen == list(range(39_001, 40_001))


async def _until_reset(peer: Peer) -> list[int]:
    """Read messages up to a gap; it must name the place ahead of all that is kept."""
    found = list[int]()
    while (event := await peer.event("message", "reset"))["type"] == "message":
        found.append(event["offset"])
    assert event["offset"] == 39_000
    return found
