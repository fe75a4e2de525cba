"""How each process starts and ends: the event loop, the exit codes, the signals."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Final

from brokers.errors import BrokerError
from service.runtime import logs

try:
    from uvloop import new_event_loop
except ImportError:  # pragma: no cover - uvloop is not made for Windows
    from asyncio import new_event_loop  # type: ignore[assignment]  # uvloop's is a kind of asyncio's

STOPPED: Final = 0
FAILED: Final = 1
USAGE: Final = 2
_SIGNAL_BASE: Final = 128

# Allocations before a pass over the youngest generation, and such passes before one over the next older. A
# pass stops the node for as long as the walk takes: over up to 1,000 objects, or 4,000, or all of them. So
# the first two are frequent and short, and the last is rare.
_THRESHOLDS: Final = (1_000, 4, 1_000)

_log: Final = logging.getLogger(__name__)


class CannotStart(Exception):
    """The process can't start; the message says why and what to set. It exits with `exit_code`."""

    exit_code = FAILED


def run(work: Coroutine[None, None, int], *, program: str = "hubbub") -> int:
    """Run to the end; return the exit code. Errors at the start are printed in one sentence.

    An unexpected error is logged: the interpreter would print it, and wait for a reader that stalls.
    """
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(work)
    except CannotStart as error:
        logs.print_error(f"{program}: {error}")
        return error.exit_code
    except BrokerError as error:
        logs.print_error(f"{program}: {error}")
        return FAILED
    except Exception:  # noqa: BLE001 - it is logged
        _log.exception("process_failed")
        return FAILED


def tune_garbage_collector() -> None:
    """Exempt all existing objects from garbage collection, and collect younger ones less often.

    A full pass of the garbage collector stops the node for as long as the walk over all live objects takes.
    The objects of the start (modules, the app, its routes) live until the end and need no such walk.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def force_exit(number: int) -> None:
    """Exit immediately, at a second signal."""
    _log.warning("forced_exit", extra={"signal": signal.Signals(number).name})
    logs.flush()
    os._exit(_SIGNAL_BASE + number)


class ShutdownSignal:
    """The first shutdown signal: SIGTERM for a graceful shutdown, SIGINT for a fast one.

    Attributes:
        received: is done with the signal's number.
    """

    def __init__(self, on_second: Callable[[int], None] = force_exit) -> None:
        """Handle the signals from now on; `on_second` is called with a second one."""
        loop = asyncio.get_running_loop()
        self.received: asyncio.Future[int] = loop.create_future()
        self._on_second = on_second
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.receive, number)

    def receive(self, number: int) -> None:
        """Process a signal."""
        if self.received.done():
            self._on_second(number)
            return
        _log.info("stopping", extra={"signal": signal.Signals(number).name})
        self.received.set_result(number)
