"""A room compared with a model: members that join, lag, leave and resume get each message once, in order.

Rooms, fan-out, log, catch-up and feed are real. The memory broker is wrapped in one that drops, duplicates
and delays. The sockets are fakes that fill up and drain when the model commands it. The loop is the test's
own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from brokers.memory import Hub, MemoryBroker
from hubbub_protocol.commands import Since
from service.cluster.cluster import Cluster
from service.rooms.join_start import find_start
from service.rooms.member import Member
from service.rooms.registry import RoomRegistry
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.settings import load
from service.wire.codecs import JSON, PLAIN, Codec
from service.wire.messages import MessagePayload, encode_stored
from tests.faults.faulty import Fate, FaultyBroker
from tests.service.outlets import FakeOutlet

T = TypeVar("T")

ROOM = "lobby"
# The log is much shorter than the history, so that catching up often needs both.
SETTINGS = load({"HUBBUB_LOG_ENTRIES": "4", "HUBBUB_HISTORY_ENTRIES": "100000", "HUBBUB_LINGER_SECONDS": "0"})


class Client:
    """What one member received, and what it should have received."""

    def __init__(self, member: Member, outlet: FakeOutlet, given: list[int], start: int) -> None:
        self.member = member
        self.outlet = outlet
        self._given = given
        self._start = start

    def received(self, texts: dict[str, int]) -> list[int]:
        events = self.outlet.values()
        if self.member.codec is PLAIN:
            return self._given + [texts[event] for event in events]
        assert not any(event["type"] == "reset" for event in events)
        return self._given + [event["offset"] for event in events if event["type"] == "message"]

    def expected(self, head: int) -> list[int]:
        return list(range(self._start + 1, head + 1))


class RoomModel(RuleBasedStateMachine):
    """The node's side is real; the model knows only that offsets count up from 1."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clients: list[Client] = []
        self.texts: dict[str, int] = {}
        self.faults = 0
        self.hub = Hub(SETTINGS.broker_options)
        self.broker = FaultyBroker(MemoryBroker(SETTINGS.broker_options, self.hub), delayed_by=2)
        self.run(self._start())

    def run(self, coro: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(coro)

    async def _start(self) -> None:
        self.metrics = Metrics()
        self.tasks = Tasks(self.metrics.task_failed)
        cluster = Cluster("node", self.broker, self.metrics, SETTINGS.node_seconds)
        self.rooms = RoomRegistry(cluster, self.broker, self.tasks, metrics=self.metrics, settings=SETTINGS)
        await self.broker.start(self.rooms)

    @property
    def head(self) -> int:
        return len(self.texts)

    @rule(count=st.integers(1, 12), fates=st.lists(st.sampled_from(Fate), max_size=4))
    def publish(self, count: int, fates: list[Fate]) -> None:
        self.broker.fate(*fates)
        self.faults += len(fates)
        self.run(self._publish(count))

    async def _publish(self, count: int) -> None:
        for _ in range(count):
            text = str(self.head + 1)
            payload = encode_stored(
                MessagePayload(key=text, user="ann", user_id="ann", kind="guest", text=text, at=0)
            )
            self.texts[text] = self.hub.publish(ROOM, payload, text).offset

    @rule(codec=st.sampled_from([JSON, PLAIN]), limit=st.integers(0, 6))
    def join(self, codec: Codec, limit: int) -> None:
        self.run(self._join(codec, None, limit))

    @rule(codec=st.sampled_from([JSON, PLAIN]), count=st.integers(1, 6), limit=st.integers(0, 3))
    def join_ahead_of_the_flush(self, codec: Codec, count: int, limit: int) -> None:
        self.run(self._join_ahead(codec, count, limit))

    async def _join_ahead(self, codec: Codec, count: int, limit: int) -> None:
        await self._publish(count)
        await self._join(codec, None, limit)
        await self._publish(1)

    @rule(back=st.integers(0, 20), limit=st.integers(0, 6))
    def resume(self, back: int, limit: int) -> None:
        self.run(self._join(JSON, max(0, self.head - back), limit))

    async def _join(self, codec: Codec, since: int | None, limit: int) -> None:
        async with self.rooms.open(ROOM) as room:
            at = None if since is None else Since(room.log.epoch, since)
            start = await find_start(room, at, limit)
            assert start.recovered is (since is not None)
            outlet = FakeOutlet()
            member = room.enter(outlet, codec, f"user {len(self.clients)}")
            given = [entry.offset for entry in start.entries]
            begin = since if since is not None else (given[0] - 1 if given else start.cursor)
            self.clients.append(Client(member, outlet, given, begin))
            room.fanout.add(member, start.epoch, start.cursor)

    @precondition(lambda self: self.clients)
    @rule(data=st.data(), writes=st.integers(1, 3))
    def fill_up(self, data: st.DataObject, writes: int) -> None:
        outlet = data.draw(st.sampled_from(self.clients)).outlet
        if not outlet.paused:
            outlet.room = writes

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def drain(self, data: st.DataObject) -> None:
        self.run(self._drain(data.draw(st.sampled_from(self.clients))))

    async def _drain(self, client: Client) -> None:
        client.outlet.drain()
        client.member.fanout.catch_up(client.member)

    @precondition(lambda self: self.clients)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.clients))
        self.clients.remove(client)
        self.run(self._leave(client))

    async def _leave(self, client: Client) -> None:
        room = self.rooms.get(ROOM)
        assert room is not None
        room.leave(client.member)
        self.rooms.release(room)

    @rule()
    def disconnect_the_broker(self) -> None:
        self.run(self._disconnect())

    async def _disconnect(self) -> None:
        self.broker.cut()
        await self._publish(3)
        self.broker.mend()

    @rule(turns=st.integers(1, 5))
    def turn(self, turns: int) -> None:
        """Run some turns of the loop: a flush, a slice, a step of a repair."""
        self.run(self._turn(turns))

    async def _turn(self, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)

    @invariant()
    def messages_are_received_once_and_in_order(self) -> None:
        for client in self.clients:
            received = client.received(self.texts)
            assert received == client.expected(self.head)[: len(received)]

    @override
    def teardown(self) -> None:
        try:
            self.run(asyncio.wait_for(self._settle(), 3))
            for client in self.clients:
                assert client.received(self.texts) == client.expected(self.head)
            assert self.metrics.task_failures == 0
        finally:
            self.run(self._end())
            self.loop.close()

    async def _settle(self) -> None:
        """Use up the commanded faults; then a last message reveals dropped ones before it."""
        await self._publish(self.faults)
        self.broker.release()
        await self._publish(1)
        for client in self.clients:
            await self._drain(client)
        while any(len(client.received(self.texts)) < self._wanted(client) for client in self.clients):  # noqa: ASYNC110
            # No event marks the end of all catching up.
            await asyncio.sleep(0)

    def _wanted(self, client: Client) -> int:
        return len(client.expected(self.head))

    async def _end(self) -> None:
        self.rooms.close()
        await self.tasks.close()
        await self.broker.close()


RoomModel.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRoomModel = RoomModel.TestCase
