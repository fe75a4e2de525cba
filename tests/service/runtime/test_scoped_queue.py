"""Callers of one scope have their turn one at a time, and those of others at the same time."""

from __future__ import annotations

import asyncio

from service.runtime.scoped_queue import ScopedQueue


async def test_a_scope_has_one_turn_at_a_time_and_other_scopes_do_not_wait() -> None:
    queue, begun = ScopedQueue(), list[str]()
    go_on = asyncio.Event()

    async def caller(scope: str, name: str) -> None:
        async with queue.turn(scope):
            begun.append(name)
            await go_on.wait()

    async with asyncio.TaskGroup() as group:
        for scope, name in (("ann", "1"), ("ann", "2"), ("bob", "3"), ("ann", "4")):
            group.create_task(caller(scope, name))
        await asyncio.sleep(0)
        assert begun == ["1", "3"]
        assert (queue.callers("ann"), queue.callers("bob"), queue.callers("eve")) == (3, 1, 0)
        go_on.set()
    assert begun == ["1", "3", "2", "4"]
    assert len(queue) == 0


async def test_a_caller_that_is_cancelled_leaves_the_queue() -> None:
    queue = ScopedQueue()
    async with queue.turn("ann"):
        waiting = asyncio.get_running_loop().create_task(queue.turn("ann").__aenter__())
        await asyncio.sleep(0)
        assert queue.callers("ann") == 2
        waiting.cancel()
        await asyncio.wait([waiting])
        assert queue.callers("ann") == 1
    assert len(queue) == 0
