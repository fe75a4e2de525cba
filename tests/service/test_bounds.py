"""What a rude client can't do: be answered without reading, queue without end, open rooms without end."""

from __future__ import annotations

import asyncio
import json

import pytest

from brokers.base import Page, Position, Receipt
from brokers.errors import Unavailable
from service.rooms.join_start import find_start
from service.sessions.commands import IN_FLIGHT, QUEUE
from service.wire.messages import Stored, encode_stored
from tests.service.framing import frame
from tests.service.serving import Served, until

BIG = 50_000


def say(served: Served, room: str, text: str, at: int = 2**52) -> None:
    served.publish(room, encode_stored(Stored(key="k", user="ann", text=text, at=at)))


@pytest.mark.settings(
    text_characters=BIG, frame_bytes=1 << 20, log_bytes=1 << 20, history_bytes=64 << 20, lagging_seconds=60
)
async def test_a_client_that_does_not_read_is_not_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(20):
        say(served, "lobby", "x" * BIG)
    ann = await served.peer(receive_buffer=4096)
    await ann.upgrade()
    await ann.ask("hello", name="ann")
    await ann.ask("join", room="lobby", limit=0)
    read, pages = served.node.broker.history, []

    async def history(room: str, **asked: int) -> Page:
        pages.append(room)
        return await read(room, limit=asked["limit"], before=asked["before"])

    monkeypatch.setattr(served.node.broker, "history", history)
    asked = json.dumps({"type": "history", "id": 7, "room": "lobby", "before": 999, "limit": 20})
    await ann.write(frame(asked) * 200)
    (connection,) = served.node.connections
    await until(lambda: connection.paused)
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert connection.paused
    # Each page is a megabyte; the system's own buffers take a few of them.
    assert len(pages) < 20


@pytest.mark.settings(sends_per_second=20, sends_burst=1)
async def test_what_a_plain_client_piled_up_is_bounded_and_its_name_held_until_it_is_stored(
    served: Served,
) -> None:
    pat = await served.plain("?name=pat")
    many = 5_000
    await pat.write(frame("x") * many)
    (connection,) = served.node.connections
    await until(lambda: connection.reading_held)
    assert served.node.metrics.backpressure > 0
    pat.vanish()
    await until(lambda: not served.node.connections)
    assert len(served.node.guests) == 1, "the name is still used"
    served.node.draining = True
    await until(lambda: not served.node.guests)
    stored = served.hub.head("lobby").offset
    assert QUEUE <= stored < many / 2


async def test_so_many_sends_are_under_way_and_what_comes_behind_them_is_not_read(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await served.joined("ann")
    under_way: list[asyncio.Future[Receipt]] = []

    def publish(*_: object, **__: object) -> asyncio.Future[Receipt]:
        under_way.append(asyncio.get_running_loop().create_future())
        return under_way[-1]

    many = 1_000
    with monkeypatch.context() as stuck:
        stuck.setattr(served.node.broker, "publish", publish)
        await ann.write(frame(json.dumps({"type": "send", "id": 7, "room": "lobby", "text": "x"})) * many)
        [connection] = served.node.connections
        await until(lambda: connection.reading_held)
        assert len(under_way) == IN_FLIGHT
    for answer in under_way:
        answer.set_exception(Unavailable("it came back"))
    await until(lambda: served.hub.head("lobby").offset == many - IN_FLIGHT)


@pytest.mark.settings(sends_per_second=20, sends_burst=1)
@pytest.mark.tuning(plain_grace=0.0)
async def test_what_a_plain_client_left_behind_is_dropped_in_time_and_counted(served: Served) -> None:
    pat = await served.plain("?name=pat")
    await pat.write(frame("x") * 50)
    await until(lambda: served.hub.head("lobby").offset > 0)
    pat.vanish()
    await until(lambda: not served.node.guests)
    assert served.hub.head("lobby").offset + served.node.metrics.plain_messages_dropped == 50
    assert served.node.metrics.plain_messages_dropped > 0


@pytest.mark.settings(rooms_per_connection=2, linger_seconds=60)
async def test_rooms_that_nobody_wrote_in_do_not_pile_up(served: Served) -> None:
    ann = await served.welcomed("ann")
    refused = None
    for number in range(20):
        answer = await ann.ask("join", room=f"room {number}")
        if answer["type"] == "error":
            refused = answer
            break
        await ann.ask("leave", room=f"room {number}")
    assert refused is not None
    assert (refused["code"], refused["retry"]) == ("rate_limited", True)
    assert refused["retry_after"] > 0
    await until(lambda: not served.node.rooms)


@pytest.mark.settings(history_seconds=3600)
async def test_what_is_too_old_to_be_kept_is_not_served_from_the_log(served: Served) -> None:
    ann, _ = await served.joined("ann")
    say(served, "lobby", "old", at=1)
    say(served, "lobby", "new")
    assert [(await ann.event("message"))["text"] for _ in range(2)] == ["old", "new"]
    _, joined = await served.joined("bob")
    assert [message["text"] for message in joined["messages"]][-1] == "new"
    room = served.node.rooms.get("lobby")
    assert room is not None
    assert [entry.offset for entry in room.log.last(10)] == [2]


@pytest.mark.settings(history_entries=3, log_entries=2)
async def test_a_room_that_goes_on_while_its_history_is_read_is_given_as_far_as_it_is_kept(
    served: Served,
) -> None:
    await served.joined("ann")
    for text in ("one", "two", "three"):
        say(served, "lobby", text)
    room = served.node.rooms.get("lobby")
    assert room is not None
    begun = asyncio.get_running_loop().create_task(find_start(room, None, 10))
    await asyncio.sleep(0)
    # By the time the broker reads, all that was asked for is trimmed.
    for text in ("four", "five", "six", "seven"):
        say(served, "lobby", text)
    start = await begun
    assert [entry.offset for entry in start.entries] == [5, 6, 7]
    assert start.cursor == 7


async def test_a_room_that_begins_anew_while_its_history_is_read_is_read_anew(served: Served) -> None:
    await served.joined("ann")
    for text in ("one", "two", "three"):
        say(served, "lobby", text)
    room = served.node.rooms.get("lobby")
    assert room is not None
    # A log that holds less than is asked for, so that history is read.
    room.log.restart(room.log.epoch, room.log.end)
    begun = asyncio.get_running_loop().create_task(find_start(room, None, 10))
    await asyncio.sleep(0)
    room.log.restart("another", 0)
    start = await begun
    assert Position(start.epoch, start.cursor) == Position("another", 0)
    assert list(start.entries) == []
    room.log.restart(served.hub.head("lobby").epoch, 3)
