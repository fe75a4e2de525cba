"""Whatever the journal does, and whenever the process dies: what is acknowledged is stored once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from brokers.base import Entry, Receipt
from brokers.errors import Unavailable
from brokers.testing.recorder import BrokerNode
from tests.brokers.durable.journals import FULL, MemoryJournal
from tests.brokers.durable.stage import Clock, publish, start, turns

ROOMS = ("one", "two", "three", "four", "five")  # more than are kept in memory

# What is done: a publish of a key to a room, a change of how commits end, a pause, a new process.
PUBLISH = st.tuples(st.just("publish"), st.sampled_from(ROOMS), st.integers(0, 6).map(str))
JOURNAL = st.tuples(st.just("journal"), st.sampled_from(["works", "fails", "stores and fails", "is held"]))
STEPS = st.lists(
    st.one_of(PUBLISH, PUBLISH, PUBLISH, JOURNAL, st.just(("turns",)), st.just(("crash",))), max_size=60
)


class World:
    """One process after another on one journal, with a listener in the first room."""

    def __init__(self, journal: MemoryJournal, node: BrokerNode, clock: Clock) -> None:
        self.journal = journal
        self.node = node
        self.clock = clock
        self.said: list[tuple[str, str, asyncio.Future[Receipt]]] = []
        self.delivered: list[list[Entry]] = []

    async def do(self, step: Sequence[str]) -> None:
        match step:
            case ("publish", room, key):
                self.said.append((room, key, publish(self.node, f"{room} {key}", room, key)))
            case ("journal", what):
                self.behave(what)
            case ("turns",):
                await turns(4)
            case _:
                await self.crash()

    def behave(self, what: str) -> None:
        self.journal.is_held = what == "is held"
        self.journal.error = None if what in {"works", "is held"} else FULL
        self.journal.stores_anyway = what == "stores and fails"
        if not self.journal.is_held:
            self.journal.let_go()

    async def crash(self) -> None:
        """End this process without a word, and start the next on what is stored."""
        self.delivered.append(list(self.node.received.entries))
        self.journal.drop_held()
        self.node = await start(self.journal, self.clock)
        await self.node.broker.subscribe(ROOMS[0])

    async def finish(self) -> None:
        self.behave("works")
        await turns()
        # After two failures in a row it rests; a probe ends that.
        await self.node.broker.probe()
        for room in ROOMS:
            await publish(self.node, "the end", room)
        self.delivered.append(list(self.node.received.entries))


async def play(steps: list[Sequence[str]]) -> World:
    journal, clock = MemoryJournal(), Clock()
    world = World(journal, await start(journal, clock), clock)
    await world.node.broker.subscribe(ROOMS[0])
    for step in steps:
        await world.do(step)
    await world.finish()
    await world.node.broker.close()
    return world


@given(STEPS)
def test_what_was_acknowledged_is_stored_once_and_delivered_in_order(steps: list[Sequence[str]]) -> None:
    world = asyncio.run(play(steps))
    stored = {room: world.journal.stored[room] for room in ROOMS}
    for writes in stored.values():
        assert [write.entry.offset for write in writes] == list(range(1, len(writes) + 1))
        assert [write.entry.prev for write in writes] == list(range(len(writes)))
        keys = [write.key for write in writes]
        assert len(set(keys)) == len(keys), "a key is stored twice"
    for room, key, answer in world.said:
        if answer.done() and not answer.cancelled():
            if answer.exception() is None:
                write = stored[room][answer.result().offset - 1]
                assert (write.key, write.entry.epoch) == (key, answer.result().epoch)
            else:
                assert isinstance(answer.exception(), Unavailable)
    entries = [write.entry for write in stored[ROOMS[0]]]
    for delivered in world.delivered:
        assert all(before.offset + 1 == entry.offset for before, entry in pairwise(delivered)), "a hole"
        assert delivered == [entry for entry in entries if entry in delivered], "what is not stored"
    assert world.delivered[-1][-1] == entries[-1]
