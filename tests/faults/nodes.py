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


class Node:
    """One node: a fixed name, and one process after the other.

    Attributes:
        port: where it serves; None while it doesn't.
        exits: the exit codes of processes that were terminated.
        base: the metrics of a new process, `first_memory` its memory (bytes).
    """

    def __init__(self, name: str, settings: dict[str, str], log: Path, command: Sequence[str]) -> None:
        self.name = name
        self.log = log
        self.port: int | None = None
        self.exits: list[int | None] = []
        self.base: dict[str, float] = {}
        self.first_memory = 0
        self._settings = settings
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start a process, and return when it serves.

        Raises:
                NotStarted: it doesn't, for example because the broker is unreachable.
        """
        environment = {"PATH": os.environ["PATH"], "HUBBUB_PORT": "0", **self._settings}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self._command,
                cwd=ROOT,
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
        """Send a signal to the process, if there is one."""
        if self._process is not None and self._process.returncode is None:
            # A method of the process would first poll for its end, and take the exit status that asyncio
            # waits for.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def memory(self) -> int:
        """Return the process's memory (bytes)."""
        assert self._process
        status = Path(f"/proc/{self._process.pid}/status")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
        return int(found[1]) * 1024 if found else 0

    async def history(self, room: str) -> AsyncIterator[tuple[str, Kept]]:
        """Read the whole history of a room: the epoch, and each message."""
        after, more = 0, True
        while more:
            page: Page = await self._ask(f"{room}/messages?after={after}&limit={_PAGE}")
            for message in page["messages"]:
                after = message["offset"]
                yield page["epoch"], message
            more = page["more"]

    async def members(self, room: str) -> list[str]:
        """Read the users in a room."""
        answer: dict[str, list[str]] = await self._ask(f"{room}/members")
        return answer["names"]

    async def gauges(self, port: int | None = None) -> dict[str, float]:
        """Read the node's metrics without labels."""
        async with httpx.AsyncClient(timeout=_ANSWERS_WITHIN) as http:
            text = (await http.get(f"http://127.0.0.1:{port or self.port}/metrics")).text
        return {name: float(value) for name, value in re.findall(r"^(\w+) (\S+)$", text, re.MULTILINE)}

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


def _is_error(line: str) -> bool:
    try:
        entry: dict[str, str] = json.loads(line)
    except ValueError:
        # If it can't start because its broker is unreachable, it prints that as plain text.
        return bool(line.strip()) and not line.startswith("hubbub: ")
    return entry.get("level") not in {"debug", "info", "warning"}
