"""A node is killed under load, again and again: what was acknowledged is there, once, in order.

`make test ARGS="tests/archive/test_kill.py --kills 200"` takes a quarter of an hour.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random, random

import pytest
from msgspec.structs import replace

from hubbub_client import Message
from tests.e2e.crowd import OPTIONS, Crowd, User, crowd
from tests.hubbub_cli.server import Server, serving

PEOPLE = 6
# Events between two kills, at most: from right after the start to far into the load.
MOST = 400
# Of so many kills one comes before all are back.
SOON = 4
# They reconnect sooner than people do, so that a node is killed under load.
HASTY = replace(OPTIONS, random=lambda: random() * 0.1)  # noqa: S311  no secret


def ended(user: User) -> bool:
    last = user.received[-1] if user.received else None
    return isinstance(last, Message) and last.text == "the end"


async def kill_often(gathered: Crowd, server: Server, kills: int, chance: Random) -> None:
    """Kill the node after a random number of events, and start it again."""
    for killed in range(kills):
        before = [len(user.receipts) for user in gathered.users]
        if killed % SOON:
            await gathered.until(
                lambda: all(
                    len(user.receipts) > count
                    for user, count in zip(gathered.users, before, strict=True)  # noqa: B023  awaited here
                )
            )
        seen = sum(len(user.received) for user in gathered.users)
        await gathered.until_received(seen + chance.randrange(1, MOST))
        await asyncio.to_thread(server.restart)


@pytest.mark.slow
async def test_a_killed_node_keeps_what_it_acknowledged(tmp_path: Path, kills: int) -> None:
    settings = {
        "ARCHIVE_URL": "sqlite:///hubbub.sqlite",
        "HUBBUB_DATA": str(tmp_path),
        # Less than is said in the test: history and recovery read on in the archive.
        "HUBBUB_HISTORY_ENTRIES": "100",
        "HUBBUB_LOG_ENTRIES": "100",
    }
    with serving(**settings) as server:
        async with crowd(server.url, PEOPLE, HASTY) as gathered:
            enough = asyncio.Event()
            async with asyncio.TaskGroup() as talking:
                for user in gathered.users:
                    talking.create_task(user.send_until(enough, 0.001))
                await kill_often(gathered, server, kills, Random(kills))  # noqa: S311  repeatable, no secret
                enough.set()
            first = gathered.users[0]
            first.receipts["the end"] = await first.room.send("the end")
            await gathered.until(lambda: all(ended(user) for user in gathered.users))
        for user in gathered.users:
            assert None not in user.received, "a gap where nothing was trimmed"
        orders = [[(m.position, m.text) for m in user.messages()] for user in gathered.users]
        assert all(order == orders[0] for order in orders)
        said = {text: got.position for user in gathered.users for text, got in user.receipts.items()}
        assert len(orders[0]) == len(said)
        assert {text: position for position, text in orders[0]} == said
        assert [position.offset for position, _ in orders[0]] == list(range(1, len(said) + 1))
        assert len({position.epoch for position, _ in orders[0]}) == 1
