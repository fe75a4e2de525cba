"""A node's process: started, suspended, drained and killed; its history and metrics are read over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypedDict

import httpx

ROOT: Final = Path(__file__).parents[2]
API_KEY: Final = "the-key-of-the-checker"

_STARTS_WITHIN: Final = 30.0
_DRAINS_WITHIN: Final = 30.0
_ANSWERS_WITHIN: Final = 15.0
_PAGE: Final = 200


class Kept(TypedDict):
    """A message, as the HTTP API returns it."""

    offset: int
    prev: int
    key: str
    text: str


class Page(TypedDict):
    """A page of history, as the HTTP API returns it."""

    epoch: str
    more: bool
    messages: list[Kept]


class NotStarted(Exception):
    """The process ended before it served."""


@dataclass(frozen=True, slots=True)
class Version:
    """How to run a version of the service: Python's command line, and where its packages are."""

    command: Sequence[str]
    folder: Path = ROOT


class Node:
    """One node: a fixed name, and one process after the other, of either version.

    Attributes:
        clock: the file that sets its wall clock, if it has one.
        port: where it serves; None while it doesn't.
        exits: the exit codes of processes that were terminated.
        base: the metrics of a new process, `first_memory` its memory (bytes).
    """

    def __init__(
        self, name: str, settings: dict[str, str], log: Path, versions: tuple[Version, Version]
    ) -> None:
        self.name = name
        self.log = log
        self.clock = log.with_suffix(".clock")
        self.port: int | None = None
        self.exits: list[int | None] = []
        self.base: dict[str, float] = {}
        self.first_memory = 0
        self._settings = settings
        self._version, self._other = versions
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start a process, and return when it serves.

        Raises:
                NotStarted: it doesn't, for example because the broker is unreachable.
        """
        version = self._version
        environment = {"PATH": os.environ["PATH"], "HUBBUB_PORT": "0", **self._settings}
        environment |= {"PYTHONPATH": str(version.folder)}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *version.command,
                cwd=version.folder,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        try:
            async with asyncio.timeout(_STARTS_WITHIN):
                port = await self._read_port()
        except TimeoutError:
            port = None
        if port is None:
            await self.kill()
            raise NotStarted
        self.base, self.first_memory = await self.gauges(port), self.memory()
        self.port = port

    async def _read_port(self) -> int | None:
        assert self._process
        assert self._process.stdout
        async for line in self._process.stdout:
            if found := re.search(rb"http://localhost:(\d+)", line):
                return int(found[1])
        return None

    async def kill(self) -> None:
        """Kill the process."""
        self.port = None
        if self._process is not None:
            self.signal(signal.SIGKILL)
            await self._process.wait()
            self._process = None

    def change_version(self) -> None:
        """Run the other version from the next start on."""
        self._version, self._other = self._other, self._version

    def kill_worker(self, number: int) -> None:
        """Kill one of its worker processes, if there are several."""
        if self._process is not None and (workers := _children(self.pid)):
            with suppress(ProcessLookupError):
                os.kill(workers[number % len(workers)], signal.SIGKILL)

    async def drain(self) -> None:
        """Terminate the process, and record its exit code (None: it didn't end)."""
        self.port = None
        if self._process is None:
            return
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_DRAINS_WITHIN):
                self.exits.append(await self._process.wait())
        except TimeoutError:
            self.exits.append(None)
        await self.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if there is one; suspend and resume its workers, too."""
        if self._process is None or self._process.returncode is not None:
            return
        stops = number in {signal.SIGSTOP, signal.SIGCONT}
        # A method of the process would first poll for its end, and take the exit status that asyncio
        # waits for.
        for pid in (self.pid, *(_children(self.pid) if stops else ())):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process
        return self._process.pid

    def memory(self) -> int:
        """Return the memory of the process and its workers (bytes)."""
        return sum(map(memory_of, (self.pid, *_children(self.pid))))

    async def history(self, room: str) -> AsyncIterator[tuple[str, Kept]]:
        """Read the whole history of a room: the epoch, and each message."""
        after, more = 0, True
        while more:
            page: Page = await self._ask(f"{room}/messages?after={after}&limit={_PAGE}")
            for message in page["messages"]:
                after = message["offset"]
                yield page["epoch"], message
            more = page["more"]

    async def last(self, room: str) -> tuple[str, Kept] | None:
        """Read the last message of a room, and its epoch; None if it has no messages."""
        page: Page = await self._ask(f"{room}/messages?limit=1")
        return (page["epoch"], page["messages"][-1]) if page["messages"] else None

    async def members(self, room: str) -> list[str]:
        """Read the users in a room."""
        answer: dict[str, list[str]] = await self._ask(f"{room}/members")
        return answer["names"]

    async def gauges(self, port: int | None = None) -> dict[str, float]:
        """Read the node's metrics without labels, or with those of workers; these are summed."""
        async with httpx.AsyncClient(timeout=_ANSWERS_WITHIN) as http:
            text = (await http.get(f"http://127.0.0.1:{port or self.port}/metrics")).text
        found: dict[str, float] = {}
        for name, value in re.findall(r"^(\w+)(?:\{worker=\"\d+\"\})? (\S+)$", text, re.MULTILINE):
            found[name] = found.get(name, 0.0) + float(value)
        return found

    async def _ask(self, path: str) -> Any:  # noqa: ANN401 - it's JSON
        headers = {"Authorization": f"Bearer {API_KEY}"}
        url = f"http://127.0.0.1:{self.port}/api/rooms/{path}"
        async with httpx.AsyncClient(timeout=_ANSWERS_WITHIN, headers=headers) as http:
            answer = await http.get(url)
        answer.raise_for_status()
        return answer.json()

    def complaints(self) -> list[str]:
        """Return the lines that the node logged as errors, or that are not log lines at all."""
        return [line for line in self.log.read_text().splitlines() if _is_error(line)]


def _children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(child) for child in text.split()]


def memory_of(pid: int) -> int:
    """Return the memory of a process (bytes); 0 if there is none."""
    status = Path(f"/proc/{pid}/status")
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def _is_error(line: str) -> bool:
    try:
        entry: dict[str, str] = json.loads(line)
    except ValueError:
        # If it can't start because its broker is unreachable, it prints that as plain text.
        return bool(line.strip()) and not line.startswith("hubbub: ")
    return entry.get("level") not in {"debug", "info", "warning"}
