"""Rooms on a node, through the sockets of real clients, on a faulty broker."""

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


class GatedBroker(FaultyBroker):
    """Records subscriptions, and delays or fails calls as a test commands."""

    def __init__(self, inner: Broker) -> None:
        super().__init__(inner)
        self.calls: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
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
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise Unavailable("a failure that the test commands")


class Stage:
    def __init__(self, served: Served, broker: GatedBroker) -> None:
        self.served = served
        self.broker = broker

    def publish(self, *texts: str) -> None:
        """Publish messages as another node would."""
        for text in texts:
            stored = MessagePayload(key="k", user="eve", user_id="eve", kind="guest", text=text, at=0)
            self.served.publish("lobby", encode_stored(stored))


@pytest.fixture
async def stage(request: pytest.FixtureRequest, no_errors_logged: None) -> AsyncIterator[Stage]:
    assert no_errors_logged is None
    mark: pytest.Mark | None = request.node.get_closest_marker("tuning")
    tuning = Tuning(repair_first_wait=0.001, **(mark.kwargs if mark else {}))
    async with serving(GatedBroker, tuning=tuning, history_entries=1000) as here:
        broker = here.node.broker
        assert isinstance(broker, GatedBroker)
        yield Stage(here, broker)


async def texts(peer: Peer, count: int) -> list[str]:
    """Read the next messages and resets, and skip other events."""
    found = list[str]()
    while len(found) < count:
        event = await peer.event("message", "reset")
        found.append(event["text"] if event["type"] == "message" else "reset")
    return found


async def test_a_gap_is_repaired_once_for_all_and_costs_only_latency(stage: Stage) -> None:
    peers = [(await stage.served.joined(name))[0] for name in ("ann", "bob", "eve")]
    metrics = stage.served.node.metrics
    stage.broker.fate(Fate.PASS, Fate.DROP, Fate.DROP, Fate.DUPLICATE, Fate.DELAY)
    stage.publish(*"abcdefgh")
    for peer in peers:
        assert await texts(peer, 8) == list("abcdefgh")
    assert metrics.gap_repairs == 1


async def test_an_outage_costs_only_latency(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.cut()
    stage.publish(*"abc")
    refused = await ann.ask("send", room="lobby", text="now?")
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    stage.broker.mend()
    assert await texts(ann, 3) == ["a", "b", "c"]


async def test_a_trimmed_gap_is_reported_to_all_members(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    bob = await stage.served.plain()
    stage.publish("before")
    assert await texts(ann, 1) == ["before"]
    stage.broker.cut()
    stage.publish(*map(str, range(1500)))
    stage.broker.mend()
    reset = await ann.event("reset")
    assert reset["offset"] == 501
    message = await ann.event("message")
    assert (message["prev"], message["offset"], message["text"]) == (501, 502, "500")
    assert await bob.next_text() == '"before"'
    assert await bob.closed() == 4000, "the plain codec has no reset, so the client is closed"


async def test_a_gap_of_this_node_does_not_affect_a_client_that_resumed_beyond_it(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.fate(*[Fate.DROP] * 1500)
    stage.publish(*map(str, range(1500)))
    since = {"epoch": stage.served.hub.head("lobby").epoch, "offset": 1500}
    bob, joined = await stage.served.joined("bob", since=since)
    assert (joined["recovered"], joined["messages"]) == (True, [])
    stage.publish("after")
    assert (await ann.event("reset"))["offset"] == 501
    assert await texts(bob, 1) == ["after"]


async def test_a_retry_after_a_lost_acknowledgement_is_stored_once(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.lose_answers(1)
    first = await ann.ask("send", room="lobby", text="hello", key="k1")
    assert first["code"] == "unavailable"
    again = await ann.ask("send", room="lobby", text="hello", key="k1")
    assert (again["offset"], again["duplicate"]) == (1, True)


# Subscribe and unsubscribe -------------------------------------------------------------------------


async def test_two_first_members_at_once_subscribe_once(stage: Stage) -> None:
    ann, bob = await stage.served.welcomed("ann"), await stage.served.welcomed("bob")
    stage.broker.gate.clear()
    for peer in (ann, bob):
        await peer.command("join", room="lobby")
    await until(lambda: stage.served.node.tasks.running == 2)
    stage.broker.gate.set()
    for peer in (ann, bob):
        await peer.event("joined")
    assert stage.broker.calls == ["subscribe"]
    stage.publish("hello")
    assert [await texts(peer, 1) for peer in (ann, bob)] == [["hello"]] * 2


async def test_a_failed_subscription_leaves_nothing_and_can_be_retried(stage: Stage) -> None:
    ann = await stage.served.welcomed("ann")
    stage.broker.failures = 1
    refused = await ann.ask("join", room="lobby")
    assert (refused["code"], refused["retry"]) == ("unavailable", True)
    assert (await ann.ask("who", room="lobby"))["code"] == "not_joined"
    await until(lambda: not len(stage.served.node.rooms))
    assert (await ann.ask("join", room="lobby"))["type"] == "joined"
    stage.publish("hello")
    assert await texts(ann, 1) == ["hello"]


async def test_of_two_waiting_joins_the_second_retries_when_the_first_failed(stage: Stage) -> None:
    ann, bob = await stage.served.welcomed("ann"), await stage.served.welcomed("bob")
    stage.broker.gate.clear()
    stage.broker.failures = 1
    await ann.command("join", room="lobby")
    await until(lambda: stage.broker.calls == ["subscribe"])
    await bob.command("join", room="lobby")
    await until(lambda: stage.served.node.tasks.running == 2)
    stage.broker.gate.set()
    assert (await ann.event("error", "joined"))["type"] == "error"
    assert (await bob.event("error", "joined"))["type"] == "joined"


async def test_a_room_is_unsubscribed_when_the_last_member_left(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    await ann.ask("leave", room="lobby")
    await until(lambda: not len(stage.served.node.rooms))
    assert stage.broker.calls == ["subscribe", "unsubscribe"]


async def test_no_entries_are_kept_of_an_unsubscribed_room(stage: Stage) -> None:
    peer, _ = await stage.served.joined("ann")
    stage.publish("one", "two")
    assert await texts(peer, 2) == ["one", "two"]
    room = stage.served.node.rooms.get("lobby")
    assert room is not None
    await peer.ask("leave", room="lobby")
    await until(lambda: not len(stage.served.node.rooms))
    assert len(room.log) == 0


async def test_a_join_during_an_unsubscribe_waits_and_subscribes_again(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.publish("before")
    assert await texts(ann, 1) == ["before"]
    stage.broker.gate.clear()
    await ann.ask("leave", room="lobby")
    await until(lambda: stage.broker.calls[-1] == "unsubscribe")
    await ann.command("join", room="lobby")
    stage.publish("meanwhile")
    stage.broker.gate.set()
    joined = await ann.event("joined")
    assert [message["text"] for message in joined["messages"]] == ["before", "meanwhile"]
    stage.publish("after")
    assert await texts(ann, 1) == ["after"]
    assert stage.broker.calls == ["subscribe", "unsubscribe", "subscribe"]


async def test_a_room_is_closed_even_if_the_unsubscribe_fails(stage: Stage) -> None:
    ann, _ = await stage.served.joined("ann")
    stage.broker.failures = 1
    await ann.ask("leave", room="lobby")
    await until(lambda: not len(stage.served.node.rooms))
    stage.publish("without members")
    assert (await ann.ask("join", room="lobby"))["head"] == 1


async def test_a_peer_that_disconnects_while_it_joins_leaves_nothing(stage: Stage) -> None:
    ann = await stage.served.welcomed("ann")
    stage.broker.gate.clear()
    await ann.command("join", room="lobby")
    await until(lambda: stage.broker.calls == ["subscribe"])
    ann.reset()
    await until(lambda: not stage.served.node.connections)
    stage.broker.gate.set()


async def test_a_plain_peer_that_disconnects_while_it_joins_leaves_only_its_text(stage: Stage) -> None:
    stage.broker.gate.clear()
    peer = await stage.served.peer()
    await peer.write(Peer.handshake(protocol=None))
    await peer.head()
    await until(lambda: stage.broker.calls == ["subscribe"])
    await peer.text("bye")
    peer.disconnect()
    stage.broker.gate.set()
    await until(lambda: stage.served.hub.head("lobby").offset == 1)


@pytest.mark.usefixtures("no_errors_logged")
async def test_a_node_ends_while_a_client_joins() -> None:
    chosen = quick()
    broker = GatedBroker(MemoryBroker(chosen.broker_options))
    async with running(chosen, broker) as here:
        ann = await Peer.connect(here.port)
        await ann.upgrade()
        await ann.ask("hello")
        broker.gate.clear()
        await ann.command("join", room="lobby")
        await until(lambda: broker.calls == ["subscribe"])
        closing = asyncio.ensure_future(ann.closed())
    assert await closing == 1012
    ann.disconnect()


@pytest.mark.tuning(early_entries=1)
async def test_early_entries_beyond_the_bound_are_read_from_history(
    stage: Stage,
) -> None:
    ann = await stage.served.welcomed("ann")
    subscribe = stage.broker.subscribe

    async def late(room: str) -> Position:
        head = await subscribe(room)
        stage.publish("one", "two", "three")
        return head

    stage.broker.subscribe = late  # type: ignore[method-assign]  # this once
    since = {"epoch": stage.served.hub.head("lobby").epoch, "offset": 0}
    await ann.ask("join", room="lobby", since=since, limit=0)
    stage.publish("four")
    assert await texts(ann, 4) == ["one", "two", "three", "four"]
    assert stage.served.node.metrics.gap_repairs == 1


async def test_entries_between_subscribing_and_the_answer_are_not_lost(stage: Stage) -> None:
    ann = await stage.served.welcomed("ann")
    subscribe = stage.broker.subscribe

    async def late(room: str) -> Position:
        head = await subscribe(room)
        stage.publish("early", "earlier than the answer")
        return head

    stage.broker.subscribe = late  # type: ignore[method-assign]  # this once
    joined = await ann.ask("join", room="lobby", limit=0)
    stage.publish("then")
    assert joined["head"] in {0, 2}
    wanted = ["early", "earlier than the answer", "then"][joined["head"] :]
    assert await texts(ann, len(wanted)) == wanted
