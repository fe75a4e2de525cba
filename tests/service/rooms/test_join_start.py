"""Joining a room that is open already, though its last member may have left."""

from __future__ import annotations

from time import time

import pytest

from service.wire.messages import MessagePayload, encode_stored
from tests.service.serving import Served, until


async def test_who_joins_an_open_room_waits_for_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await served.joined("ann")
    served.publish(
        "lobby", encode_stored(MessagePayload(key="k", user="eve", text="before", at=int(time() * 1000)))
    )
    bob = await served.welcomed("bob")
    for call in ("subscribe", "history", "heads"):
        monkeypatch.setattr(served.node.broker, call, None)
    joined = await bob.ask("join", room="lobby")
    assert [message["text"] for message in joined["messages"]] == ["before"]
    monkeypatch.undo()


@pytest.mark.settings(linger_seconds=60)
async def test_a_room_that_lingers_stays_for_who_comes_back(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await served.joined("ann")
    served.publish("lobby", encode_stored(MessagePayload(key="k", user="eve", text="before", at=0)))
    await ann.ask("leave", room="lobby")
    room = served.node.rooms.get("lobby")
    assert room is not None
    end = room.linger
    assert end is not None
    await ann.ask("join", room="lobby")
    assert end.cancelled()
    monkeypatch.setattr(served.node.rooms, "_linger", 0.0)
    await ann.ask("leave", room="lobby")
    await until(lambda: not len(served.node.rooms))
