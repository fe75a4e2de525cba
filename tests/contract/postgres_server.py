"""Run a real PostgreSQL: named by HUBBUB_TEST_POSTGRES, found on the PATH, or where Debian puts it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from typing_extensions import override

from tests.contract.redis_cluster import free_ports
from tests.contract.server import Server, is_missing, run_on

USER: Final = "hubbub"
_DEBIAN: Final = Path("/usr/lib/postgresql")
# It refuses to run as root.
_USERS: Final = ("postgres", "nobody")
_STARTS_WITHIN: Final = 30.0


@cache
def find_programs() -> Path:
    """Find the folder of the programs, or skip the test. HUBBUB_TEST_POSTGRES names another one."""
    if named := os.environ.get("HUBBUB_TEST_POSTGRES"):
        return Path(named)
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not debian:
        is_missing("PostgreSQL (initdb)", "of Debian: apt-get install postgresql")
    return debian[-1].parent


def _unprivileged() -> tuple[int | None, int | None]:
    """Return the user and the group as which the server runs, if it isn't this one."""
    if os.geteuid():
        return None, None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in _USERS if name in known)
    return user.pw_uid, user.pw_gid


class PostgresServer(Server):
    """A PostgreSQL server that listens on one port of this machine and on a socket file."""

    def __init__(self, *arguments: str) -> None:
        super().__init__()
        [self.port] = free_ports(1)
        self._arguments = arguments
        self._user, self._group = _unprivileged()

    @property
    @override
    def url(self) -> str:
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def data(self) -> Path:
        """The folder of the databases."""
        return self._folder / "data"

    @override
    def start(self) -> None:
        programs = find_programs()
        if not self.data.exists():
            self._initialise(programs)
        end = time.monotonic() + _STARTS_WITHIN
        self._process = process = self._launch(programs)
        while not self._answers(programs):
            ended = process.poll() is not None
            if time.monotonic() > end or (ended and not self._waits_for_workers()):
                raise RuntimeError((self._folder / "log").read_text())
            if ended:
                self._process = process = self._launch(programs)
            time.sleep(0.02)

    def _launch(self, programs: Path) -> subprocess.Popen[str]:
        command = [str(programs / "postgres"), "-D", str(self.data), "-k", str(self._folder)]
        command += ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", *self._arguments]
        with (self._folder / "log").open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                text=True,
                user=self._user,
                group=self._group,
            )

    def _waits_for_workers(self) -> bool:
        """Return whether the server ended because workers of the one that was killed have not ended yet."""
        last = (self._folder / "log").read_text().splitlines()[-3:]
        return any("pre-existing shared memory block" in line for line in last)

    @override
    def kill(self) -> None:
        """Kill it, and then its workers, which would serve their connections until they notice."""
        workers = self._workers()
        super().kill()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _workers(self) -> list[int]:
        """Return the processes of its connections and tasks."""
        if self._process is None:
            return []
        pid = self._process.pid
        try:
            listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []  # the server has ended already
        return [int(each) for each in listed.split()]

    def _initialise(self, programs: Path) -> None:
        if self._user is not None and self._group is not None:
            os.chown(self._folder, self._user, self._group)
        command = [str(programs / "initdb"), "-D", str(self.data), "-A", "trust", "-U", USER, "-E", "UTF8"]
        subprocess.run(
            [*command, "--no-locale", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self._folder,
            user=self._user,
            group=self._group,
        )

    def _answers(self, programs: Path) -> bool:
        ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False, cwd=self._folder).returncode == 0


@cache
def shared_postgres() -> PostgresServer:
    """Start the server that all tests of a session share; each test uses its own database."""
    return run_on(PostgresServer())
