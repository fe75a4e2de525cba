"""Simulated users who chat while nodes are replaced, until SIGUSR1. Arguments: URL, number of users.

Runs in a pod of the service's own image, from a zip with the SDK: `python driver.py …` with PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Final

from tests.e2e.crowd import Crowd, crowd

PAUSE: Final = 0.05
# Every user must have another message acknowledged within this time after the last fault (seconds).
BACK_WITHIN: Final = 30.0


async def all_sent_more(gathered: Crowd, limit: float) -> None:
    """Wait until every user had another message acknowledged: none is stuck."""
    before = {user.name: len(user.receipts) for user in gathered.users}
    await gathered.until(lambda: all(len(p.receipts) > before[p.name] + 2 for p in gathered.users), limit)


async def chat(url: str, size: int) -> int:
    """Chat until SIGUSR1; return the number of messages. Raises if one was lost or duplicated."""
    asked, enough = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
    async with crowd(url, size) as gathered, asyncio.TaskGroup() as group:
        talks = [group.create_task(user.send_until(enough, PAUSE)) for user in gathered.users]
        await all_sent_more(gathered, BACK_WITHIN)
        print("all users chat", flush=True)
        await asked.wait()
        await all_sent_more(gathered, BACK_WITHIN)
        enough.set()
        await asyncio.wait(talks)
        said = sum(len(user.receipts) for user in gathered.users)
        await gathered.until(lambda: all(len(user.received) >= said for user in gathered.users))
    gathered.check_nothing_lost_or_duplicated()
    return said


if __name__ == "__main__":
    count = asyncio.run(chat(sys.argv[1], int(sys.argv[2])))
    print(f"{count} messages, none lost or duplicated")
