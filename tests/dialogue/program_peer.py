"""One client of a dialogue in another program: its standard input is sent, and its output was received."""

from __future__ import annotations

import asyncio
import json
import re
from asyncio.subprocess import PIPE, Process
from typing import Final

from tests.dialogue.peer import LIMIT, Closed

_CLOSE: Final = re.compile(r"close (\d+)")
# A frame holds at most 200 messages.
_LONGEST_LINE: Final = 1 << 24


class Unsupported(Exception):
    """A step asks for what no correct client does, such as a frame that is not UTF-8."""


class ProgramPeer:
    """A connection of a program. A line of its input is a text frame or `close 1000`; so is its output."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def silent(self) -> bool:
        """Whether it sends no websocket pong: a program can't be asked to."""
        return False

    @silent.setter
    def silent(self, _: bool) -> None:
        raise Unsupported("a client without pongs")

    @classmethod
    async def open(cls, command: tuple[str, ...], port: int) -> ProgramPeer:
        url = f"ws://127.0.0.1:{port}/ws"
        process = await asyncio.create_subprocess_exec(
            *command, url, stdin=PIPE, stdout=PIPE, limit=_LONGEST_LINE
        )
        return cls(process)

    def send(self, text: str | bytes) -> None:
        if isinstance(text, bytes) or "\n" in text:
            raise Unsupported("a text frame that is no line")
        self._write(text)

    def send_binary(self, data: bytes) -> None:
        raise Unsupported(f"a binary frame of {len(data)} bytes")

    def close(self, code: int) -> None:
        self._write(f"close {code}")

    async def receive(self, limit: float = LIMIT) -> str:
        """Return the next text frame.

        Raises:
            Closed: the program reported the end of the connection.
            TimeoutError: it printed nothing within `limit` seconds.
        """
        assert self._process.stdout is not None
        async with asyncio.timeout(limit):
            line = (await self._process.stdout.readline()).decode().rstrip("\n")
        if found := _CLOSE.fullmatch(line):
            raise Closed(int(found[1]))
        if not line:
            raise Closed(0)
        return line

    async def receive_event(self, limit: float = LIMIT) -> dict[str, object]:
        event = json.loads(await self.receive(limit))
        assert isinstance(event, dict)
        return event

    async def ended(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
