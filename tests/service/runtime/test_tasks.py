"""The owner of a node's tasks."""

from __future__ import annotations

import asyncio

import pytest

from service.runtime.tasks import Tasks


async def _forever() -> None:
    await asyncio.Event().wait()


async def _fail() -> None:
    raise LookupError("no such room")


async def _answer() -> int:
    return 42


async def test_a_finished_task_is_forgotten() -> None:
    tasks = Tasks()
    task = tasks.start(_answer(), name="answer")
    assert tasks.running == 1
    assert await task == 42
    assert tasks.running == 0


async def test_a_failure_is_logged_and_reported_by_name(caplog: pytest.LogCaptureFixture) -> None:
    failed: list[str] = []
    tasks = Tasks(failed.append)
    await asyncio.wait([tasks.start(_fail(), name="repair lobby")])
    assert failed == ["repair lobby"]
    [record] = caplog.records
    assert (record.message, vars(record)["task"]) == ("task_failed", "repair lobby")
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], LookupError)
    assert tasks.running == 0


async def test_a_cancelled_task_is_not_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    failed: list[str] = []
    tasks = Tasks(failed.append)
    task = tasks.start(_forever(), name="wait")
    task.cancel()
    await asyncio.wait([task])
    assert (failed, caplog.records, tasks.running) == ([], [], 0)


async def test_close_ends_all_tasks_and_is_idempotent() -> None:
    tasks = Tasks()
    started = [tasks.start(_forever(), name=f"wait {number}") for number in range(3)]
    await tasks.close()
    await tasks.close()
    assert all(task.cancelled() for task in started)
    assert tasks.running == 0


async def test_close_without_tasks_is_fast() -> None:
    await Tasks().close()


async def test_a_task_may_close_its_owner() -> None:
    tasks = Tasks()
    other = tasks.start(_forever(), name="other")

    async def stop() -> bool:
        await tasks.close()
        return other.cancelled()

    assert await tasks.start(stop(), name="stop")
    assert tasks.running == 0


async def test_a_task_that_ignores_its_cancellation_is_logged_and_not_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks, release = Tasks(), asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()

    task = tasks.start(stubborn(), name="stubborn")
    await asyncio.wait([task], timeout=0)
    await tasks.close(limit=0)
    assert [(record.message, vars(record)["task"]) for record in caplog.records] == [
        ("task_stuck", "stubborn")
    ]
    release.set()
    await task


async def test_no_task_starts_after_close() -> None:
    tasks = Tasks()
    await tasks.close()
    with pytest.raises(RuntimeError, match="'late' was started after the node was closed"):
        tasks.start(_answer(), name="late")


async def test_a_failure_during_close_is_reported_too() -> None:
    failed: list[str] = []
    tasks = Tasks(failed.append)

    async def breaks() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await _fail()

    task = tasks.start(breaks(), name="breaks")
    await asyncio.wait([task], timeout=0)
    await tasks.close()
    assert failed == ["breaks"]
