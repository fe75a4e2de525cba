"""A room exists from its first message: members who wait for it miss nothing, whatever its epoch is."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from typing_extensions import override

from brokers.base import UNWRITTEN, Broker, Page, Position
from brokers.memory import MemoryBroker
from tests.service.serving import serving

pytestmark = pytest.mark.usefixtures("no_errors_logged")


class LateEpochs(MemoryBroker):
    """Rooms have an epoch from their first entry on, as with Redis."""

    @classmethod
    def like(cls, broker: Broker) -> Broker:
        assert isinstance(broker, MemoryBroker)
        return cls(broker.options, broker._hub)  # noqa: SLF001 - the hub of the test

    @override
    async def subscribe(self, room: str) -> Position:
        return _late(await super().subscribe(room))

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        page = await super().history(room, after=after, before=before, limit=limit)
        return page._replace(head=_late(page.head))

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        return {room: _late(head) for room, head in (await super().heads(rooms)).items()}


def _late(head: Position) -> Position:
    return head if head.offset else Position(UNWRITTEN, 0)


async def test_the_first_message_begins_the_epoch_for_every_member() -> None:
    async with serving(LateEpochs.like) as here:
        ann, joined = await here.joined("ann")
        plain = await here.plain("?name=bob")
        assert (joined["epoch"], joined["head"]) == (UNWRITTEN, 0)
        await ann.command("send", room="lobby", text="first")
        events = [await ann.event("sent", "reset", "message") for _ in range(3)]
        reset = next(event for event in events if event["type"] == "reset")
        sent = next(event for event in events if event["type"] == "sent")
        message = next(event for event in events if event["type"] == "message")
        assert (reset["epoch"], reset["offset"]) == (sent["epoch"], 0)
        assert (message["prev"], message["offset"]) == (0, sent["offset"])
        assert events.index(reset) < events.index(message)
        assert await plain.next_text() == '"first"', "a plain client missed nothing, and stays"
        await plain.text("second")
        assert await plain.next_text() == '"second"'
        assert here.node.metrics.gaps_unrepaired == 0


async def test_a_client_resumes_from_before_the_first_message() -> None:
    async with serving(LateEpochs.like) as here:
        ann, joined = await here.joined("ann")
        since = {"epoch": joined["epoch"], "offset": joined["head"]}
        again = await ann.ask("join", room="lobby", since=since)
        assert (again["recovered"], again["epoch"], again["messages"]) == (True, UNWRITTEN, [])
        here.publish("lobby", b'{"key":"k1","user":"bob","text":"first","at":0}')
        bob, _ = await here.joined("bob")
        resumed = await bob.ask("join", room="lobby", since=since)
        assert (resumed["recovered"], [each["text"] for each in resumed["messages"]]) == (True, ["first"])
        assert resumed["epoch"] == here.hub.head("lobby").epoch


async def test_a_position_before_messages_that_were_trimmed_is_not_resumed() -> None:
    async with serving(LateEpochs.like, history_entries=2) as here:
        for number in range(4):
            here.publish("lobby", b'{"key":"k%d","user":"bob","text":"text","at":0}' % number)
        _, joined = await here.joined("ann", since={"epoch": UNWRITTEN, "offset": 0})
        assert (joined["recovered"], len(joined["messages"])) == (False, 2)


async def test_a_new_room_is_refused_while_the_register_is_full() -> None:
    async with serving(history_rooms=1) as here:
        ann, _ = await here.joined("ann", "first")
        assert (await ann.ask("send", room="first", text="text"))["type"] == "sent"
        await ann.ask("join", room="second")
        refused = await ann.ask("send", room="second", text="text")
        assert (refused["code"], refused["retry"]) == ("rooms_full", False)
        assert "HUBBUB_HISTORY_ROOMS" in str(refused["message"])
        assert (await ann.ask("send", room="first", text="more"))["type"] == "sent"
