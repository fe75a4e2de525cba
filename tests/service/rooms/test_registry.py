"""Rooms on a node, through the sockets of real clients, over a broker that goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from typing_extensions import override

from brokers.base import Broker, Position
from brokers.errors import Unavailable
from brokers.memory import MemoryBroker
from service.cluster.signals import NAMES, NODES
from service.server import running
from service.settings.tuning import Tuning
from service.wire.messages import MessagePayload, encode_stored
from tests.faults.faulty import Fate, FaultyBroker
from tests.service.peer import Peer
from tests.service.serving import Served, quick, serving, until


class Doorkeeper(FaultyBroker):
    """Counts subscriptions, and holds calls until a test lets them go, or makes them fail."""

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner)
        self.calls: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.failures = 0

    @override
    async def subscribe(self, room: str) -> Position:
        if room not in {NODES, NAMES}:
            self.calls.append("subscribe")
            await self._pass()
        return await super().subscribe(room)

    @override
    async def unsubscribe(self, room: str) -> None:
        self.calls.append("unsubscribe")
        await self._pass()
        await super().unsubscribe(room)

    async def _pass(self) -> None:
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise Unavailable("the doorkeeper says no")


class Stage:
    def __init__(self, served: Served, broker: Doorkeeper) -> None:
        self.served = served
        self.broker = broker

    def say(self, *texts: str) -> None:
        """Store messages as another node would."""
        for text in texts:
            stored = MessagePayload(key="k", user="eve", text=text, at=0)
            self.served.publish("lobby", encode_stored(stored))


@pytest.fixture
async def stage(request: pytest.FixtureRequest, no_complaints: None) -> AsyncIterator[Stage]:
    assert no_complaints is None
    mark: pytest.Mark | None = request.node.get_closest_marker("tuning")
    tuning = Tuning(repair_first_wait=0.001, **(mark.kwargs if mark else {}))
    async with serving(Doorkeeper, tuning=tuning, history_entries=1000) as here:
        broker = here.node.broker
        assert isinstance(broker, Doorkeeper)
        yield Stage(here, broker)


async def texts(peer: Peer, count: int) -> list[str]:
    """Read the next messages, past all else but a reset."""
    found = list[str]()
    while len(found) < count:
        event = await peer.event("message", "reset")
        found.append(event["text"] if event["type"] == "message" else "reset")
    return found


async def test_a_gap_is_filled_once_for_all_and_seen_as_latency_only(stage: Stage) -> None:
    peers = [(await stage.served.joined(name))[0] for name in ("ann", "bob", "eve")]
    reads = stage.served.node.metrics
    stage.broker.fate(Fate.PASS, Fate.DROP, Fate.DROP, Fate.REPEAT, Fate.DELAY)
    stage.say(*"abcdefgh")
    for peer in peers:
        assert await texts(peer, 8) == list("abcdefgh")
    assert reads.repairs == 1


async def test_an_outage_is_seen_as_latency_only(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.cut()
    stage.say(*"abc")
    refused = await ann.ask("send", room="lobby", text="now?")
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    stage.broker.mend()
    assert await texts(ann, 3) == ["a", "b", "c"]


async def test_a_gap_that_was_trimmed_is_told_to_all(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    bob = await stage.served.plain()
    stage.say("before")
    assert await texts(ann, 1) == ["before"]
    stage.broker.cut()
    stage.say(*map(str, range(1500)))
    stage.broker.mend()
    reset = await ann.event("reset")
    assert reset["offset"] == 501
    message = await ann.event("message")
    assert (message["prev"], message["offset"], message["text"]) == (501, 502, "500")
    assert await bob.next_text() == '"before"'
    assert await bob.closed() == 4000, "a plain client can't be told of a gap, so it mustn't go on"


async def test_a_gap_of_this_node_is_none_to_who_came_from_one_that_knew_more(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.fate(*[Fate.DROP] * 1500)
    stage.say(*map(str, range(1500)))
    since = {"epoch": stage.served.hub.head("lobby").epoch, "offset": 1500}
    bob, joined = await stage.served.joined("bob", since=since)
    assert (joined["recovered"], joined["messages"]) == (True, [])
    stage.say("after")
    assert (await ann.event("reset"))["offset"] == 501
    assert await texts(bob, 1) == ["after"]


async def test_a_retry_while_the_answer_was_lost_is_stored_once(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.lose_answers(1)
    first = await ann.ask("send", room="lobby", text="hello", key="k1")
    assert first["code"] == "unavailable"
    again = await ann.ask("send", room="lobby", text="hello", key="k1")
    assert (again["offset"], again["duplicate"]) == (1, True)


# Opening and giving up ----------------------------------------------------------------------------


async def test_two_first_members_at_once_subscribe_once(stage: Stage) -> None:
    ann, bob = await stage.served.welcomed("ann"), await stage.served.welcomed("bob")
    stage.broker.open.clear()
    for peer in (ann, bob):
        await peer.command("join", room="lobby")
    await until(lambda: stage.served.node.tasks.running == 2)
    stage.broker.open.set()
    for peer in (ann, bob):
        await peer.event("joined")
    assert stage.broker.calls == ["subscribe"]
    stage.say("hello")
    assert [await texts(peer, 1) for peer in (ann, bob)] == [["hello"]] * 2


async def test_a_subscription_that_fails_leaves_nothing_and_may_be_tried_again(stage: Stage) -> None:
    ann = await stage.served.welcomed("ann")
    stage.broker.failures = 1
    refused = await ann.ask("join", room="lobby")
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    assert (await ann.ask("who", room="lobby"))["code"] == "not_joined"
    await until(lambda: not len(stage.served.node.rooms))
    assert (await ann.ask("join", room="lobby"))["type"] == "joined"
    stage.say("hello")
    assert await texts(ann, 1) == ["hello"]


async def test_of_two_that_wait_the_second_tries_when_the_first_failed(stage: Stage) -> None:
    ann, bob = await stage.served.welcomed("ann"), await stage.served.welcomed("bob")
    stage.broker.open.clear()
    stage.broker.failures = 1
    await ann.command("join", room="lobby")
    await until(lambda: stage.broker.calls == ["subscribe"])
    await bob.command("join", room="lobby")
    await until(lambda: stage.served.node.tasks.running == 2)
    stage.broker.open.set()
    assert (await ann.event("error", "joined"))["type"] == "error"
    assert (await bob.event("error", "joined"))["type"] == "joined"


async def test_a_room_is_given_up_when_the_last_member_left(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    await ann.ask("leave", room="lobby")
    await until(lambda: not len(stage.served.node.rooms))
    assert stage.broker.calls == ["subscribe", "unsubscribe"]


async def test_of_a_room_that_was_given_up_no_entries_are_kept(stage: Stage) -> None:
    peer, _ = await stage.served.joined("ann")
    stage.say("one", "two")
    assert await texts(peer, 2) == ["one", "two"]
    room = stage.served.node.rooms.get("lobby")
    assert room is not None
    await peer.ask("leave", room="lobby")
    await until(lambda: not len(stage.served.node.rooms))
    assert len(room.log) == 0


async def test_who_comes_while_a_room_is_given_up_waits_and_subscribes_again(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.say("before")
    assert await texts(ann, 1) == ["before"]
    stage.broker.open.clear()
    await ann.ask("leave", room="lobby")
    await until(lambda: stage.broker.calls[-1] == "unsubscribe")
    await ann.command("join", room="lobby")
    stage.say("meanwhile")
    stage.broker.open.set()
    joined = await ann.event("joined")
    assert [message["text"] for message in joined["messages"]] == ["before", "meanwhile"]
    stage.say("behind")
    assert await texts(ann, 1) == ["behind"]
    assert stage.broker.calls == ["subscribe", "unsubscribe", "subscribe"]


async def test_a_room_whose_end_the_broker_does_not_hear_is_gone_all_the_same(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.failures = 1
    await ann.ask("leave", room="lobby")
    await until(lambda: not len(stage.served.node.rooms))
    stage.say("to nobody")
    assert (await ann.ask("join", room="lobby"))["head"] == 1


async def test_a_peer_that_goes_while_it_joins_leaves_nothing(stage: Stage) -> None:
    ann = await stage.served.welcomed("ann")
    stage.broker.open.clear()
    await ann.command("join", room="lobby")
    await until(lambda: stage.broker.calls == ["subscribe"])
    ann.reset()
    await until(lambda: not stage.served.node.connections)
    stage.broker.open.set()


async def test_a_plain_peer_that_goes_while_it_joins_leaves_nothing_but_its_text(stage: Stage) -> None:
    stage.broker.open.clear()
    peer = await stage.served.peer()
    await peer.write(Peer.handshake(protocol=None))
    await peer.head()
    await until(lambda: stage.broker.calls == ["subscribe"])
    await peer.text("bye")
    peer.disconnect()
    stage.broker.open.set()
    await until(lambda: stage.served.hub.head("lobby").offset == 1)


@pytest.mark.usefixtures("no_complaints")
async def test_a_node_that_ends_while_somebody_joins_ends() -> None:
    chosen = quick()
    broker = Doorkeeper(MemoryBroker(chosen.broker_options))
    async with running(chosen, broker) as here:
        ann = await Peer.connect(here.port)
        await ann.upgrade()
        await ann.ask("hello")
        broker.open.clear()
        await ann.command("join", room="lobby")
        await until(lambda: broker.calls == ["subscribe"])
        closing = asyncio.ensure_future(ann.closed())
    assert await closing == 1012
    ann.disconnect()


@pytest.mark.tuning(early_entries=1)
async def test_what_comes_before_the_answer_and_is_too_much_to_keep_is_read_from_history(
    stage: Stage,
) -> None:
    ann = await stage.served.welcomed("ann")
    subscribe = stage.broker.subscribe

    async def late(room: str) -> Position:
        head = await subscribe(room)
        stage.say("one", "two", "three")
        return head

    stage.broker.subscribe = late  # type: ignore[method-assign]  # this once
    since = {"epoch": stage.served.hub.head("lobby").epoch, "offset": 0}
    await ann.ask("join", room="lobby", since=since, limit=0)
    stage.say("four")
    assert await texts(ann, 4) == ["one", "two", "three", "four"]
    assert stage.served.node.metrics.repairs == 1


async def test_what_comes_between_subscribing_and_the_answer_is_not_lost(stage: Stage) -> None:
    ann = await stage.served.welcomed("ann")
    subscribe = stage.broker.subscribe

    async def late(room: str) -> Position:
        head = await subscribe(room)
        stage.say("early", "earlier than the answer")
        return head

    stage.broker.subscribe = late  # type: ignore[method-assign]  # this once
    joined = await ann.ask("join", room="lobby", limit=0)
    stage.say("then")
    assert joined["head"] in {0, 2}
    wanted = ["early", "earlier than the answer", "then"][joined["head"] :]
    assert await texts(ann, len(wanted)) == wanted
