"""`python -m service.workers NUMBER PORT`: one of several workers; only its parent starts it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from brokers.errors import BrokerError
from service.node import Node
from service.runtime import logs
from service.runtime.listener import share
from service.runtime.process import STOPPED, CannotStart, ShutdownSignal, run, tune_garbage_collector
from service.runtime.tasks import Tasks
from service.server import running
from service.settings import Settings, load
from service.shutdown import drain, serve_until
from service.workers.control_channel import ChannelClosed, RequestFailed
from service.workers.group import WorkerGroup, die_with_parent
from service.workers.reports import HEARTBEAT, METRICS, READINESS, encode, write_metrics

# The control channel to the parent is this process's standard input.
_CHANNEL: Final = 0
# The parent's share of a time limit, in addition to the time that it waits for one worker.
_PARENT_MARGIN: Final = 1.0

# As a program, this module has the name `__main__`, which is not below `service`.
_log: Final = logging.getLogger("service.workers")


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal, or until the parent has exited; return the exit code."""
    number, port = map(int, arguments)
    settings = replace(load(), port=port)
    logs.configure(settings, worker=number)
    return run(_work(settings), program=f"hubbub: worker {number}")


async def _work(settings: Settings) -> int:
    second_signal = asyncio.Event()
    shutdown = ShutdownSignal(
        on_second=lambda number: second_signal.set() if number == signal.SIGINT else None
    )
    tasks = Tasks()
    end = socket.socket(fileno=_CHANNEL)
    end.settimeout(0)
    die_with_parent(end, settings.stop_seconds)
    group = WorkerGroup(end, tasks, settings.broker_timeout + 2 * _PARENT_MARGIN)
    group.handlers[HEARTBEAT] = _heartbeat
    await group.open()
    tasks.start(group.run(lambda: shutdown.receive(signal.SIGINT)), name="control channel to the parent")
    try:
        async with _serving(settings, group) as node:
            started = partial(_report, group.report_started)
            if await serve_until(shutdown, node, started) == signal.SIGTERM:
                draining = tasks.start(drain(node), name="drain")
                waiting = tasks.start(second_signal.wait(), name="wait for a second signal")
                await asyncio.wait({draining, waiting}, return_when=asyncio.FIRST_COMPLETED)
    except (CannotStart, BrokerError) as error:
        if not group.orphaned:
            raise
        # The parent exited during the start: no process expects this one to serve.
        _log.info("start_abandoned", extra={"reason": str(error)})
    finally:
        await tasks.close()
    return STOPPED


@asynccontextmanager
async def _serving(settings: Settings, group: WorkerGroup) -> AsyncIterator[Node]:
    """Serve for the time of the block, and report that to the parent."""
    with share(settings) as listener:
        async with running(settings, listener=listener, workers=group) as here:
            tune_garbage_collector()
            group.handlers |= _handlers(here.node)
            await _report(group.report_serving)
            yield here.node


async def _report(report: Callable[[], Awaitable[None]]) -> None:
    """Report to the parent how far this worker is. If the parent has exited, the worker is stopping already.

    Raises:
        CannotStart: the parent did not answer.
    """
    try:
        await report()
    except ChannelClosed:
        _log.info("start_abandoned", extra={"reason": "the parent process has exited"})
    except RequestFailed as error:
        raise CannotStart(f"no answer from the parent process of the workers: {error}") from error


def _handlers(node: Node) -> dict[str, Callable[[], Awaitable[bytes]]]:
    """Return the request handlers that need a node."""

    async def metrics() -> bytes:
        return write_metrics(node.metrics.families())

    async def ready() -> bytes:
        return encode(await node.readiness())

    return {METRICS: metrics, READINESS: ready}


async def _heartbeat() -> bytes:
    return b"null"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
