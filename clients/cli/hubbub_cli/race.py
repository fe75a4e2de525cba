"""Run coroutines until the first one ends."""

import asyncio
from collections.abc import Coroutine


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


def leaf(error: Exception) -> Exception:
    """Return the first error of a group, also of groups in it; any other error itself."""
    return leaf(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error
