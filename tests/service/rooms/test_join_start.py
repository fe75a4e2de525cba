"""The start of a member: from the log of an open room, or from its history."""

from __future__ import annotations

import asyncio
from time import time

import pytest

from brokers.base import Entry, Position
from service.rooms.join_start import find_start
from service.rooms.slices import PAGE_BYTES
from service.wire.messages import MessagePayload, encode_stored
from tests.service.serving import Served, until


def publish(served: Served, room: str, text: str, at: int = 2**52) -> None:
    served.publish(
        room,
        encode_stored(MessagePayload(key="k", user="ann", user_id="ann", kind="guest", text=text, at=at)),
    )


async def test_a_join_to_an_open_room_waits_for_no_call(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await served.joined("ann")
    served.publish(
        "lobby",
        encode_stored(
            MessagePayload(
                key="k", user="eve", user_id="eve", kind="guest", text="before", at=int(time() * 1000)
            )
        ),
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
    served.publish(
        "lobby",
        encode_stored(MessagePayload(key="k", user="eve", user_id="eve", kind="guest", text="before", at=0)),
    )
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


@pytest.mark.settings(history_seconds=3600)
async def test_expired_messages_are_not_served_from_the_log(served: Served) -> None:
    ann, _ = await served.joined("ann")
    publish(served, "lobby", "old", at=1)
    publish(served, "lobby", "new")
    assert [(await ann.event("message"))["text"] for _ in range(2)] == ["old", "new"]
    _, joined = await served.joined("bob")
    assert [message["text"] for message in joined["messages"]][-1] == "new"
    room = served.node.rooms.get("lobby")
    assert room is not None
    assert [entry.offset for entry in room.log.last(10)] == [2]


@pytest.mark.settings(history_entries=3, log_entries=2)
async def test_history_that_is_trimmed_during_a_join_is_served_as_far_as_it_is_kept(
    served: Served,
) -> None:
    await served.joined("ann")
    for text in ("one", "two", "three"):
        publish(served, "lobby", text)
    room = served.node.rooms.get("lobby")
    assert room is not None
    starting = asyncio.get_running_loop().create_task(find_start(room, None, 10))
    await asyncio.sleep(0)
    # Before the broker reads, all requested entries are trimmed.
    for text in ("four", "five", "six", "seven"):
        publish(served, "lobby", text)
    start = await starting
    assert [entry.offset for entry in start.entries] == [5, 6, 7]
    assert start.cursor == 7


async def test_a_new_epoch_during_a_join_restarts_the_read(served: Served) -> None:
    await served.joined("ann")
    for text in ("one", "two", "three"):
        publish(served, "lobby", text)
    room = served.node.rooms.get("lobby")
    assert room is not None
    # The log holds less than the limit, so the history is read.
    room.log.restart(room.log.epoch, room.log.end)
    starting = asyncio.get_running_loop().create_task(find_start(room, None, 10))
    await asyncio.sleep(0)
    room.log.restart("another", 0)
    start = await starting
    assert Position(start.epoch, start.cursor) == Position("another", 0)
    assert list(start.entries) == []
    room.log.restart(served.hub.head("lobby").epoch, 3)


async def test_the_answer_to_a_join_is_as_long_as_a_page_and_the_rest_can_be_read(served: Served) -> None:
    _, first = await served.joined("ann")
    for _ in range(50):
        publish(served, "lobby", "x" * 16_000)
    bob = await served.welcomed("bob")
    last = await bob.ask("join", room="lobby", limit=200)
    offsets = [message["offset"] for message in last["messages"]]
    assert offsets == list(range(offsets[0], 51))
    assert 1 < len(offsets) <= PAGE_BYTES / 16_000
    page = await bob.ask("history", room="lobby", before=offsets[0], limit=200)
    assert page["messages"][-1]["offset"] == offsets[0] - 1
    since = {"epoch": first["epoch"], "offset": first["head"]}
    eve = await served.welcomed("eve")
    recovered = await eve.ask("join", room="lobby", since=since, limit=200)
    received = [message["offset"] for message in recovered["messages"]]
    assert 1 < len(received) <= PAGE_BYTES / 16_000
    while received[-1] < 50:
        received.append((await eve.event("message"))["offset"])
    assert received == list(range(1, 51))


async def test_a_position_that_a_failover_lost_is_not_recovered(served: Served) -> None:
    await served.joined("ann")
    publish(served, "lobby", "one")
    room = served.node.rooms.get("lobby")
    assert room is not None
    epoch = room.log.epoch
    # The client has seen 105 on another node; the room continues from 1.
    room.log.append(Entry("lobby", epoch, 1, 209, room.log.last(1)[0].payload))
    bob = await served.welcomed("bob")
    joined = await bob.ask("join", room="lobby", since={"epoch": epoch, "offset": 105})
    assert not joined["recovered"]
    assert [(message["prev"], message["offset"]) for message in joined["messages"]] == [(0, 1), (1, 209)]
    joined = await bob.ask("join", room="lobby", since={"epoch": epoch, "offset": 1})
    assert (joined["recovered"], [message["offset"] for message in joined["messages"]]) == (True, [209])
