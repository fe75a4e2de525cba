"""`python -m service`: run one node, or several workers, until a signal stops them."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from typing import Final

from service import moderate
from service.identity.authenticator import Authenticator
from service.push.keys import make_private_key
from service.release import COMMIT, VERSION
from service.runtime import descriptors, logs
from service.runtime.listener import reserve
from service.runtime.log_queue import print_aside
from service.runtime.process import STOPPED, USAGE, ShutdownSignal, force_exit, run, tune_garbage_collector
from service.server import running
from service.settings import Settings, SettingsError, load, show, unused
from service.shutdown import drain, moves_clients, serve_until
from service.transfer import command as transfer
from service.workers.supervisor import Supervisor, SupervisorTimeouts

# The default port of the terminal client.
_DEFAULT_PORT: Final = 8000
_WILDCARDS: Final = frozenset({"127.0.0.1", "0.0.0.0", "::", "::1"})  # noqa: S104 - compared, not bound

_log: Final = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a node; return the exit code: 0 stopped, 1 start failed, 2 invalid setting."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] == "moderate":
        return moderate.main(given[1:])
    if given and given[0] in {"export", "import"}:
        return transfer.main(given)
    if list(given) == ["push-key"]:
        print(make_private_key())
        return 0
    parser = argparse.ArgumentParser(
        prog="python -m service",
        description="Run one node of hubbub. Other commands: `moderate` bans users and closes rooms; "
        "`export` and `import` copy the history to a file and back. Each has --help. `push-key` prints a new "
        "private key for Web Push.",
    )
    parser.add_argument(
        "--show-settings", action="store_true", help="print all settings, without secrets, and exit"
    )
    parser.add_argument("--version", action="version", version=f"hubbub {VERSION}, commit {COMMIT}")
    options = parser.parse_args(given)
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return USAGE
    if options.show_settings:
        print(show(settings))
        return 0
    logs.configure(settings)
    descriptors.raise_soft_limit(settings)
    for reason in unused(settings):
        _log.warning("setting_unused", extra={"reason": reason})
    return run(_serve(settings) if settings.workers == 1 else _supervise(settings))


async def _serve(settings: Settings) -> int:
    # Before the start: the first process of a container is only ended by signals that it handles.
    shutdown = ShutdownSignal()
    async with running(settings) as started:
        tune_garbage_collector()

        async def announce() -> None:
            _announce(settings, started.port)

        if moves_clients(settings.broker, await serve_until(shutdown, started.node, announce)):
            await drain(started.node)
    return STOPPED


async def _supervise(settings: Settings) -> int:
    """Run the workers on a port that this process reserves for them."""
    # An invalid key is reported once, here, and not by each worker.
    Authenticator(settings)
    with reserve(settings) as reserved:
        port = reserved.getsockname()[1]

        def command(number: int) -> Sequence[str]:
            return (sys.executable, "-m", "service.workers", str(number), str(port))

        timeouts = SupervisorTimeouts(
            stop_timeout=settings.stop_seconds, request_timeout=settings.broker_timeout + 1
        )
        supervisor = Supervisor(
            command,
            settings.workers,
            timeouts=timeouts,
            on_all_started=lambda: _announce(settings, port),
        )

        def kill_now(number: int) -> None:
            supervisor.kill()
            force_exit(number)

        shutdown = ShutdownSignal(kill_now)
        shutdown.received.add_done_callback(lambda received: supervisor.stop(received.result()))
        code = await supervisor.run()
    if supervisor.failure is not None:
        logs.print_error(f"hubbub: {supervisor.failure}")
    return code


def _announce(settings: Settings, port: int) -> None:
    """Print the addresses of the page and for the terminal client, unless the output is JSON.

    Before that, log a limit of descriptors that is too low: here, because `node_started` is the first line.
    """
    descriptors.warn_if_low(settings)
    if settings.log_format == "json":
        return
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    shown = "localhost" if settings.host in _WILDCARDS else host
    server = "" if port == _DEFAULT_PORT else f" --server ws://{shown}:{port}"
    workers = "" if settings.workers == 1 else f", {settings.workers} workers"
    print_aside(
        f"\n  hubbub {VERSION} is running, broker {settings.broker}{workers}.\n"
        f"  History: {_history(settings)}.\n"
        f"  In a browser:   http://{shown}:{port}\n"
        f"  In a terminal:  .venv/bin/hubbub-chat{server} lobby\n"
        f"  Ctrl+C stops it.\n",
        sys.stdout,
    )


def _history(settings: Settings) -> str:
    if settings.archive_url:
        return f"in {settings.archive_shown}"
    return "as long as this process" if settings.broker == "memory" else f"in {settings.broker}"


if __name__ == "__main__":
    sys.exit(main())
