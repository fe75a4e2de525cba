"""Joining a room that is open already, even if its last member has left."""

from __future__ import annotations

from time import time

import pytest

from service.wire.messages import MessagePayload, encode_stored
from tests.service.serving import Served, until


async def test_a_join_to_an_open_room_waits_for_no_call(
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
async def test_a_lingering_room_keeps_its_subscription_for_a_client_that_rejoins(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await served.joined("ann")
    served.publish("lobby", encode_stored(MessagePayload(key="k", user="eve", text="before", at=0)))
    await ann.ask("leave", room="lobby")
    room = served.node.rooms.get("lobby")
    assert room is not None
    end = room.unsubscribe_timer
    assert end is not None
    await ann.ask("join", room="lobby")
    assert end.cancelled()
    monkeypatch.setattr(served.node.rooms, "_linger_seconds", 0.0)
    await ann.ask("leave", room="lobby")
    await until(lambda: not len(served.node.rooms))
