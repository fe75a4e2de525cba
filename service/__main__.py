"""`python -m service`: run one node, or several workers, until stopped."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from typing import Final

from service.identity.authenticator import Authenticator
from service.release import COMMIT, VERSION
from service.runtime import logs
from service.runtime.listener import reserve
from service.runtime.process import STOPPED, USAGE, ShutdownSignal, force_exit, run, tune_garbage_collector
from service.server import running
from service.settings import Settings, SettingsError, load, show, unused
from service.shutdown import drain
from service.workers.supervisor import Supervisor, SupervisorTimeouts

# Where the terminal client looks by itself.
_USUAL_PORT: Final = 8000
_ALL: Final = frozenset({"127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104 - compared, not bound

_log: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a node; return the exit code: 0 stopped, 1 couldn't start, 2 a setting is wrong."""
    parser = argparse.ArgumentParser(prog="python -m service", description="Run one node of hubbub.")
    parser.add_argument(
        "--show-settings", action="store_true", help="print all settings, without secrets, and exit"
    )
    parser.add_argument("--version", action="version", version=f"hubbub {VERSION}, commit {COMMIT}")
    wanted = parser.parse_args(arguments)
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return USAGE
    if wanted.show_settings:
        print(show(settings))
        return 0
    logs.configure(settings)
    for sentence in unused(settings):
        _log.warning("not_used", extra={"reason": sentence})
    return run(_serve(settings) if settings.workers == 1 else _supervise(settings))


async def _serve(settings: Settings) -> int:
    # Ahead of the start: as a container's first process, nothing ends us but what we listen to.
    shutdown = ShutdownSignal()
    async with running(settings) as here:
        tune_garbage_collector()
        _greet(settings, here.port)
        if await shutdown.received == signal.SIGTERM:
            # Somebody who runs several nodes stops one: its clients are to move without noticing.
            await drain(here.node)
    return STOPPED


async def _supervise(settings: Settings) -> int:
    """Start the workers behind a port that this process holds for them, and end with them."""
    # A key that is no good is said once, and not by each worker.
    Authenticator(settings)
    with reserve(settings) as held:
        port = held.getsockname()[1]

        def command(number: int) -> Sequence[str]:
            return (sys.executable, "-m", "service.workers", str(number), str(port))

        timeouts = SupervisorTimeouts(
            stop_timeout=settings.stop_seconds, request_timeout=settings.broker_timeout + 1
        )
        supervisor = Supervisor(
            command, settings.workers, timeouts=timeouts, on_all_serving=lambda: _greet(settings, port)
        )

        def at_once(number: int) -> None:
            supervisor.kill()
            force_exit(number)

        shutdown = ShutdownSignal(at_once)
        shutdown.received.add_done_callback(lambda received: supervisor.stop(received.result()))
        code = await supervisor.run()
    if supervisor.failure is not None:
        print(f"hubbub: {supervisor.failure}", file=sys.stderr)
    return code


def _greet(settings: Settings, port: int) -> None:
    """Say where the page is, and how to chat from a terminal: to people, not to what reads JSON."""
    if settings.log_format == "json":
        return
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    shown = "localhost" if settings.host in _ALL else host
    server = "" if port == _USUAL_PORT else f" --server ws://{shown}:{port}"
    workers = "" if settings.workers == 1 else f", {settings.workers} workers"
    print(
        f"\n  hubbub {VERSION} runs, broker {settings.broker}{workers}.\n"
        f"  In a browser:   http://{shown}:{port}\n"
        f"  In a terminal:  .venv/bin/hubbub-chat{server} lobby\n"
        f"  Ctrl+C stops it.\n",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
