"""A bridge: what is said in a room of one server is said in that room of another, and the other way round.

python bridge.py ws://one.example.org ws://two.example.org lobby
"""

import asyncio
import sys

from hubbub_client import Client, Message, Room, derived_key

NAME = "bridge"


async def carry(here: Room, there: Room, me: str) -> None:
    """Send each message of others to the other room. The key of a repeated message is the same."""
    async for event in here:
        if isinstance(event, Message) and event.live and event.user != me:
            await there.send(f"<{event.user}> {event.text}", derived_key(event, "bridge"))


async def bridge(one: str, two: str, name: str) -> None:
    """Connect both servers until one of them ends the connection."""
    async with (
        Client(one, name=NAME) as first,
        Client(two, name=NAME) as second,
        asyncio.TaskGroup() as tasks,
    ):
        here, there = await first.join(name), await second.join(name)
        tasks.create_task(carry(here, there, first.user or NAME))
        tasks.create_task(carry(there, here, second.user or NAME))


if __name__ == "__main__":
    asyncio.run(bridge(*sys.argv[1:4]))
