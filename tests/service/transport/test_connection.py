"""A slow consumer: nothing is read from it while its transport is above the high-water mark."""

from __future__ import annotations

import asyncio
import json

import pytest

from brokers.base import Page
from service.wire.messages import MessagePayload, encode_stored
from tests.service.framing import frame
from tests.service.serving import Served, until

BIG = 50_000


def publish(served: Served, room: str, text: str, at: int = 2**52) -> None:
    served.publish(
        room,
        encode_stored(MessagePayload(key="k", user="ann", user_id="ann", kind="guest", text=text, at=at)),
    )


@pytest.mark.settings(
    text_characters=BIG, frame_bytes=1 << 20, log_bytes=1 << 20, history_bytes=64 << 20, lagging_seconds=60
)
async def test_commands_of_a_client_that_does_not_read_are_not_processed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        publish(served, "lobby", "x" * BIG)
    ann = await served.peer(receive_buffer=4096)
    await ann.upgrade()
    await ann.ask("hello", name="ann")
    await ann.ask("join", room="lobby", limit=0)
    read, pages = served.node.broker.history, []

    async def history(room: str, **options: int) -> Page:
        pages.append(room)
        return await read(room, limit=options["limit"], before=options["before"])

    monkeypatch.setattr(served.node.broker, "history", history)
    command = json.dumps({"type": "history", "id": 7, "room": "lobby", "before": 999, "limit": 20})
    await ann.write(frame(command) * 200)
    (connection,) = served.node.connections
    await until(lambda: connection.paused)
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert connection.paused
    # Each page is a megabyte; the system's buffers hold a few of them.
    assert len(pages) < 20
