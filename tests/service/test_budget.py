"""What the hot paths may cost: whoever doubles one of them sees it here.

Work is counted in bytecode instructions, memory in bytes, so no load of the machine disturbs it. A budget is
about a third above what Python 3.11 needed when it was written. Whoever needs more raises it in the same
change, and says there what it's spent on.
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
PER_MESSAGE = 2500  # from a socket into a room of three, out again, and acknowledged
PER_CONNECTION = 4900  # upgrade, hello, join, and the telling of the others
PER_ENTRY = 300  # into the log of a room that is busy
PER_DELIVERY = 42  # of a block to one member
# Bytes, as Python counts them:
PER_MEMBER = 50  # of a large room, while a block is on its way


def within(counts: Counter[str], times: int, budget: float) -> None:
    spent = counts.total() / times
    assert spent <= budget, f"{spent:.0f} instructions, most of them in {counts.most_common(8)}"
    # A budget that nobody needs any more guards nothing.
    assert spent > budget / 3, f"only {spent:.0f} of {budget} instructions: lower the budget"


async def say(speaker: Peer, *members: Peer) -> None:
    await speaker.command("send", room="lobby", text="hello, all of you", key=f"key-{next(KEYS)}")
    for member in (speaker, *members):
        await member.event("message")


async def test_a_message_in_a_room_of_three(served: Served) -> None:
    (ann, _), *others = [await served.joined(name) for name in ("ann", "bob", "cat")]
    members = [peer for peer, _ in others]
    await say(ann, *members)
    with instructions() as counts:
        for _ in range(TIMES):
            await say(ann, *members)
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
    stage.say()
    with instructions() as counts:
        stage.say(TIMES)
    within(counts, TIMES, PER_ENTRY)
    with instructions() as counts:
        await settled(stage)
    within(counts, MEMBERS, PER_DELIVERY)


async def test_a_block_is_not_copied_for_its_members() -> None:
    stage = Stage()
    for _ in range(MEMBERS):
        join(stage.fanout, "e", 0)
    stage.say(size=SIZE)
    gc.collect()
    tracemalloc.start()
    try:
        await settled(stage)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The block, and for each member a place in the walk.
    assert peak <= SIZE + PER_MEMBER * MEMBERS
