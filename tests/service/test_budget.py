"""Budgets of the hot paths: a change that doubles the cost of one fails here.

Work is counted in bytecode instructions and memory in bytes, so other load on the machine does not matter.
A budget is about a third above the cost with Python 3.11 when it was written. A change that needs more raises
the budget, and its commit says why.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from itertools import count

from tests.service.counting import instructions
from tests.service.fanning import Stage, settled
from tests.service.outlets import join
from tests.service.peer import Peer
from tests.service.serving import Served

TIMES = 20
MEMBERS = 1000
SIZE = 100_000
KEYS = count()

# Instructions:
PER_MESSAGE = 2500  # received, published to a room of three, delivered and acknowledged
PER_CONNECTION = 4900  # upgrade, hello, join, and the presence broadcast
PER_ENTRY = 300  # appended to the log of a busy room
PER_DELIVERY = 42  # of a block to one member
# Bytes, as Python counts them:
PER_MEMBER = 50  # of a large room, during the fan-out of a block


def within(counts: Counter[str], times: int, budget: float) -> None:
    spent = counts.total() / times
    assert spent <= budget, f"{spent:.0f} instructions, most of them in {counts.most_common(8)}"
    # A budget far above the cost detects nothing.
    assert spent > budget / 3, f"only {spent:.0f} of {budget} instructions: lower the budget"


async def send(sender: Peer, *members: Peer) -> None:
    await sender.command("send", room="lobby", text="hello, all of you", key=f"key-{next(KEYS)}")
    for member in (sender, *members):
        await member.event("message")


async def test_a_message_in_a_room_of_three(served: Served) -> None:
    (ann, _), *others = [await served.joined(name) for name in ("ann", "bob", "cat")]
    members = [peer for peer, _ in others]
    await send(ann, *members)
    with instructions() as counts:
        for _ in range(TIMES):
            await send(ann, *members)
    within(counts, TIMES, PER_MESSAGE)


async def test_a_connection_until_it_is_in_a_room(served: Served) -> None:
    await served.joined("first")
    with instructions() as counts:
        for number in range(TIMES):
            await served.joined(f"m{number}")
    within(counts, TIMES, PER_CONNECTION)


async def test_an_entry_and_its_deliveries_in_a_large_room() -> None:
    stage = Stage()
    for _ in range(MEMBERS):
        join(stage.fanout, "e", 0)
    stage.append()
    with instructions() as counts:
        stage.append(TIMES)
    within(counts, TIMES, PER_ENTRY)
    with instructions() as counts:
        await settled(stage)
    within(counts, MEMBERS, PER_DELIVERY)


async def test_a_block_is_not_copied_for_its_members() -> None:
    stage = Stage()
    for _ in range(MEMBERS):
        join(stage.fanout, "e", 0)
    stage.append(size=SIZE)
    gc.collect()
    tracemalloc.start()
    try:
        await settled(stage)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The block, and an entry in the list of members for each member.
    assert peak <= SIZE + PER_MEMBER * MEMBERS
