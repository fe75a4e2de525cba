"""Run a node that restarts when a source file changes: dev.py [COMMAND that serves the page beside it].

`scripts/dev.sh` sets up what both need. Both end on Ctrl+C, and when one of them can't continue without the
developer: the page's server has ended, or the node's settings are wrong.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from watchfiles import PythonFilter, awatch

_ROOT: Final = Path(__file__).parents[1]
_WATCHED: Final = [_ROOT / folder for folder in ("service", "brokers", "archive", "clients/protocol")]
_NODE: Final = (sys.executable, "-m", "service")
# The node's exit code when a setting is wrong: no change of a source file repairs that.
_SETTINGS_WRONG: Final = 2
_STOP_SECONDS: Final = 5.0
_NAMES_SHOWN: Final = 3


async def main(page: Sequence[str]) -> int:
    """Run both until one of them or the developer ends it; return the exit code."""
    ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    _end_on_signals(ending)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_keep_node(ending))]
        if page:
            running.append(tasks.create_task(_keep_page(page, ending)))
        code = await ending
        for task in running:
            task.cancel()
    return code


def _end_on_signals(ending: asyncio.Future[int]) -> None:
    """End on Ctrl+C, on `kill`, and when the terminal is closed. A second signal changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _end, ending, 0)


def _end(ending: asyncio.Future[int], code: int) -> None:
    if not ending.done():
        ending.set_result(code)


async def _keep_node(ending: asyncio.Future[int]) -> None:
    """Run the node, and restart it on each change of a source file."""
    changes = awatch(*_WATCHED, watch_filter=PythonFilter(extra_extensions=[".lua", ".sql"]))
    while True:
        async with _running(_NODE) as node, asyncio.TaskGroup() as tasks:
            report = tasks.create_task(_report_end(node, ending))
            changed = await anext(changes)
            report.cancel()
            _say(f"{_names(path for _, path in changed)} changed: restarting the node")


async def _report_end(node: Process, ending: asyncio.Future[int]) -> None:
    code = await node.wait()
    if code == _SETTINGS_WRONG:
        _end(ending, code)
    else:
        _say(f"the node ended with exit code {code}; it restarts on the next change of a source file")


async def _keep_page(command: Sequence[str], ending: asyncio.Future[int]) -> None:
    """Run the page's server, and end everything when it ends."""
    async with _running(command) as page:
        code = await page.wait()
        _say(f"the page's server ended with exit code {code}")
        _end(ending, code if code > 0 else 1)


@asynccontextmanager
async def _running(command: Sequence[str]) -> AsyncIterator[Process]:
    """Run a command for the time of the block.

    It leads a process group, so Ctrl+C reaches it only through us, and all that it started ends with it.
    """
    process = await asyncio.create_subprocess_exec(*command, cwd=_ROOT, stdin=DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        _signal(process, signal.SIGINT)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        _signal(process, signal.SIGKILL)
        await process.wait()


def _signal(process: Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _names(paths: Iterable[str]) -> str:
    names = sorted({str(Path(path).relative_to(_ROOT)) for path in paths})
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _say(text: str) -> None:
    print(f"hubbub: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
