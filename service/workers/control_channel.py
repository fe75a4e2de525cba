"""The line between a worker and its parent: either side asks the other, and is answered within a limit.

One JSON object a line, on a Unix socket without a name: it needs no file system, and nobody else reaches it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Final, TypeAlias

import msgspec

from service.runtime.tasks import Tasks

# The longest that is said: the metrics of all workers.
_MOST_BYTES: Final = 64 * 1024 * 1024

# Answers a question with JSON.
Answerer: TypeAlias = Callable[[str], Awaitable[bytes]]

_log: Final = logging.getLogger(__name__)


class Unanswered(Exception):
    """The other side gave no answer: it is too slow, or had none to give."""


class ChannelClosed(Unanswered):
    """The other side is gone."""


class _Ask(msgspec.Struct, frozen=True, tag="ask"):
    id: int
    what: str


class _Answer(msgspec.Struct, frozen=True, tag="answer"):
    id: int
    body: msgspec.Raw


class _NoAnswer(msgspec.Struct, frozen=True, tag="none"):
    id: int


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Ask | _Answer | _NoAnswer).decode


class ControlChannel:
    """One end of a line."""

    def __init__(self, end: socket.socket, tasks: Tasks, answer: Answerer) -> None:
        self._end = end
        self._tasks = tasks
        self._answer = answer
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._ended = False
        self._ids = count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}

    async def open(self) -> None:
        """Be ready to ask; the answers come while `run` does."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._end, limit=_MOST_BYTES)

    async def run(self) -> None:
        """Serve the line until the other side is gone, or says what can't be understood."""
        try:
            # One that is killed while it speaks leaves half a line.
            while (said := await self._reader.readline()).endswith(b"\n"):
                self._take(_decode(said))
        except ConnectionError:
            pass
        except (ValueError, RecursionError) as error:
            _log.error("line_unreadable", extra={"reason": str(error)})
        finally:
            self._writer.close()
            self._ended = True
            for asked in self._asked.values():
                asked.cancel()

    async def ask(self, what: str, limit: float) -> bytes:
        """Ask the other side; give its answer, JSON.

        Raises:
            ChannelClosed: the other side is gone.
            Unanswered: there was no answer within `limit` seconds, or it has none.
        """
        number = next(self._ids)
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._say(_Ask(number, what))
            async with asyncio.timeout(limit):
                await asyncio.wait({answer})
            if self._ended:
                raise ChannelClosed("the line has ended")
            if answer.cancelled():
                raise Unanswered(f"no answer to {what!r}")
            return answer.result()
        except TimeoutError:
            raise Unanswered(f"no answer to {what!r} within {limit:g} s") from None
        finally:
            del self._asked[number]

    def _take(self, said: _Ask | _Answer | _NoAnswer) -> None:
        if isinstance(said, _Ask):
            self._tasks.start(self._reply(said), name=f"answer {said.what!r}")
            return
        asked = self._asked.get(said.id)
        if asked is None or asked.done():
            return
        if isinstance(said, _NoAnswer):
            asked.cancel()
        else:
            asked.set_result(bytes(said.body))

    async def _reply(self, ask: _Ask) -> None:
        with suppress(ChannelClosed):
            try:
                body = msgspec.Raw(await self._answer(ask.what))
            except Exception:
                self._say(_NoAnswer(ask.id))
                raise
            self._say(_Answer(ask.id, body))

    def _say(self, what: _Ask | _Answer | _NoAnswer) -> None:
        if self._ended:
            raise ChannelClosed("the line has ended")
        self._writer.write(_encode(what) + b"\n")
