"""Run coroutines until the first one ends."""

import asyncio
from collections.abc import Coroutine

from hubbub_cli.errors import leaf


async def race(*waits: Coroutine[None, None, None]) -> None:
    """Run all until the first one ends, and cancel the others. Its exception propagates unchanged."""
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(wait) for wait in waits]
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                task.cancel()
    except ExceptionGroup as group:
        raise leaf(group) from None
