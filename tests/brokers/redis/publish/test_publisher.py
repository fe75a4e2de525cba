"""A retry never stores an entry after one that was published later."""

from __future__ import annotations

import asyncio

from redis.exceptions import MovedError, NoScriptError, ResponseError, TryAgainError

from brokers.redis.publish.publisher import Answer, QueuedPublish, retryable


async def sendable(replies: list[object], slots: list[int] | None = None) -> set[int]:
    answer: Answer = asyncio.get_running_loop().create_future()
    items = [QueuedPublish(b"", answer, 0.0, slot) for slot in slots or [0] * len(replies)]
    return retryable(items, replies)


async def test_an_entry_before_a_stored_one_is_not_retried() -> None:
    lost, stored = NoScriptError("NOSCRIPT"), [b"epoch", 1, 0]
    assert await sendable([lost, lost, lost]) == {0, 1, 2}
    assert await sendable([lost, stored, lost, ResponseError("OOM"), lost]) == {2, 4}
    assert await sendable([stored, stored]) == set()


async def test_what_another_slot_stored_makes_no_difference() -> None:
    moved, stored = MovedError("7 127.0.0.1:1"), [b"epoch", 1, 0]
    assert await sendable([moved, stored, moved, stored], [7, 8, 7, 8]) == {0, 2}
    assert await sendable([moved, TryAgainError(), stored, moved], [7, 7, 7, 7]) == {3}
