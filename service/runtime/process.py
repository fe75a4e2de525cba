"""What each process of ours does at its start and at its end: the loop, the exit codes, the signals."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Final

from brokers.errors import BrokerError

try:
    from uvloop import new_event_loop
except ImportError:  # pragma: no cover - uvloop is not made for Windows
    from asyncio import new_event_loop  # type: ignore[assignment]  # uvloop's is a kind of asyncio's

STOPPED: Final = 0
FAILED: Final = 1
USAGE: Final = 2
_BY_SIGNAL: Final = 128

# Allocations before the youngest are looked at, and how many such looks before the next older are.
_THRESHOLDS: Final = (10_000, 20, 20)

_log: Final = logging.getLogger(__name__)


class CannotStart(Exception):
    """The process can't start; the message says why and what to set. It ends with `exit_code`."""

    exit_code = FAILED


def run(work: Coroutine[None, None, int], *, who: str = "hubbub") -> int:
    """Run to the end; give the exit code. What keeps us from starting is said in one sentence."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(work)
    except CannotStart as error:
        sys.stderr.write(f"{who}: {error}\n")
        return error.exit_code
    except BrokerError as error:
        sys.stderr.write(f"{who}: {error}\n")
        return FAILED


def spare_the_collector() -> None:
    """Leave what was made until now to itself, and look for cycles of younger things less often.

    The garbage collector's full pass stops the node for as long as it takes to walk over everything that is
    alive. What the start has made (modules, the app, its routes) lives until the end and needs no such walk.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def exit_at_once(number: int) -> None:
    """End this process here and now, as somebody who sends a second signal wants it."""
    _log.warning("stopping_at_once", extra={"signal": signal.Signals(number).name})
    os._exit(_BY_SIGNAL + number)


class Ending:
    """How this process was told to end: by SIGTERM in good order, by SIGINT soon, by a second one at once.

    Attributes:
        told: is done with the signal once there was one.
    """

    def __init__(self, again: Callable[[int], None] = exit_at_once) -> None:
        """Listen to the signals from now on; `again` is called with a second one."""
        loop = asyncio.get_running_loop()
        self.told: asyncio.Future[int] = loop.create_future()
        self._again = again
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.take, number)

    def take(self, number: int) -> None:
        """Learn of a signal."""
        if self.told.done():
            self._again(number)
            return
        _log.info("stopping", extra={"signal": signal.Signals(number).name})
        self.told.set_result(number)
