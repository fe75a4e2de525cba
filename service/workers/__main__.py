"""`python -m service.workers NUMBER PORT`: one of several workers; its parent starts it, nobody else does."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from service.node import Node
from service.runtime import logs
from service.runtime.listener import share
from service.runtime.process import STOPPED, Ending, run, spare_the_collector
from service.runtime.tasks import Tasks
from service.server import running
from service.settings import Settings, load
from service.shutdown import drain
from service.workers.group import WorkerGroup, die_with_parent
from service.workers.reports import METRICS, PULSE, READINESS, encode, write_metrics

# The line to the parent is this process's standard input.
_LINE: Final = 0
# For the parent, on top of what it waits for one worker.
_PARENT: Final = 1.0

_log: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str]) -> int:
    """Work until told to stop, or until the parent is gone; give the exit code."""
    number, port = map(int, arguments)
    settings = replace(load(), port=port)
    logs.configure(settings, worker=number)
    return run(_work(settings), who=f"hubbub: worker {number}")


async def _work(settings: Settings) -> int:
    hurried = asyncio.Event()
    ending = Ending(again=lambda number: hurried.set() if number == signal.SIGINT else None)
    tasks = Tasks()
    end = socket.socket(fileno=_LINE)
    end.settimeout(0)
    die_with_parent(end, settings.stop_seconds)
    group = WorkerGroup(end, tasks, settings.broker_timeout + 2 * _PARENT)
    group.answers[PULSE] = _pulse
    await group.open()
    tasks.start(group.run(lambda: ending.take(signal.SIGINT)), name="line to the parent")
    try:
        with share(settings) as listener:
            async with running(settings, listener=listener, workers=group) as here:
                spare_the_collector()
                group.answers |= _answers(here.node)
                await group.serve()
                if await ending.told == signal.SIGTERM:
                    draining = tasks.start(drain(here.node), name="drain")
                    waiting = tasks.start(hurried.wait(), name="wait for a second signal")
                    await asyncio.wait({draining, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await tasks.close()
    return STOPPED


def _answers(node: Node) -> dict[str, Callable[[], Awaitable[bytes]]]:
    """Give what this worker can be asked, once it has a node."""

    async def metrics() -> bytes:
        return write_metrics(node.metrics.families())

    async def ready() -> bytes:
        return encode(await node.readiness())

    return {METRICS: metrics, READINESS: ready}


async def _pulse() -> bytes:
    return b"null"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
