"""`python -m service`: run one node until it's told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from brokers.errors import BrokerError
from service import __version__, logs
from service.auth import BadKey
from service.drain import drain
from service.server import CannotListen, Running, running
from service.settings import Settings, SettingsError, load, show

try:
    from uvloop import new_event_loop
except ImportError:  # pragma: no cover - uvloop is not made for Windows
    from asyncio import new_event_loop  # type: ignore[assignment]  # uvloop's is a kind of asyncio's

_FAILED: Final = 1
_USAGE: Final = 2
# Where the terminal client looks by itself.
_USUAL_PORT: Final = 8000

_log: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a node; return the exit code: 0 stopped, 1 couldn't start, 2 a setting is wrong."""
    parser = argparse.ArgumentParser(prog="python -m service", description="Run one node of hubbub.")
    parser.add_argument(
        "--show-settings", action="store_true", help="print all settings, without secrets, and exit"
    )
    parser.add_argument("--version", action="version", version=f"hubbub {__version__}")
    wanted = parser.parse_args(arguments)
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return _USAGE
    if wanted.show_settings:
        print(show(settings))
        return 0
    logs.configure(settings)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_serve(settings))
    except (BadKey, BrokerError, CannotListen) as error:
        print(f"hubbub: {error}", file=sys.stderr)
        return _USAGE if isinstance(error, BadKey) else _FAILED
    return 0


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[int] = loop.create_future()
    async with running(settings) as here:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _stop, stopped, number)
        _greet(here)
        if await stopped == signal.SIGTERM:
            # Somebody who runs several nodes stops one: its clients are to move without noticing.
            await drain(here.node)


def _stop(stopped: asyncio.Future[int], number: int) -> None:
    """Stop in order; at the second signal at once."""
    if stopped.done():
        os._exit(128 + number)
    _log.info("stopping", extra={"signal": signal.Signals(number).name})
    stopped.set_result(number)


def _greet(here: Running) -> None:
    """Say where the page is, and how to chat from a terminal."""
    shown = "localhost" if here.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else here.host  # noqa: S104 - compared, not bound
    server = "" if here.port == _USUAL_PORT else f" --server ws://{shown}:{here.port}"
    print(
        f"\n  hubbub {__version__} runs, broker {here.node.settings.broker}.\n"
        f"  In a browser:   http://{shown}:{here.port}\n"
        f"  In a terminal:  .venv/bin/hubbub-chat{server} lobby\n"
        f"  Ctrl+C stops it.\n",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
