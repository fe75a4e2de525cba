"""The control channel between a worker and its parent: both sides send requests, with a time limit.

One JSON object per line, on an unnamed Unix socket: it needs no file system, and no other process can reach
it.
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

# The longest line: the metrics of all workers.
_MAX_LINE_BYTES: Final = 64 * 1024 * 1024

# Answers a request with JSON.
Handler: TypeAlias = Callable[[str], Awaitable[bytes]]

_log: Final = logging.getLogger(__name__)


class RequestFailed(Exception):
    """The other side sent no answer: it is too slow, or its handler failed."""


class ChannelClosed(RequestFailed):
    """The other process has exited."""


class _Request(msgspec.Struct, frozen=True, tag="request"):
    id: int
    what: str


class _Response(msgspec.Struct, frozen=True, tag="handler"):
    id: int
    body: msgspec.Raw


class _Failure(msgspec.Struct, frozen=True, tag="none"):
    id: int


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Request | _Response | _Failure).decode


class ControlChannel:
    """One end of a control channel."""

    def __init__(self, end: socket.socket, tasks: Tasks, handler: Handler) -> None:
        self._end = end
        self._tasks = tasks
        self._handler = handler
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._ended = False
        self._ids = count(1)
        self._pending: dict[int, asyncio.Future[bytes]] = {}

    async def open(self) -> None:
        """Open the channel for requests; answers arrive while `run` runs."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._end, limit=_MAX_LINE_BYTES)

    async def run(self) -> None:
        """Serve the channel until the other process exits, or sends an invalid line."""
        try:
            # A process that is killed while it writes leaves an incomplete line.
            while (message := await self._reader.readline()).endswith(b"\n"):
                self._receive(_decode(message))
        except ConnectionError:
            pass
        except (ValueError, RecursionError) as error:
            _log.error("control_channel_invalid", extra={"reason": str(error)})
        finally:
            self._writer.close()
            self._ended = True
            for pending in self._pending.values():
                pending.cancel()

    async def request(self, what: str, limit: float) -> bytes:
        """Send a request; return the answer, as JSON.

        Raises:
            ChannelClosed: the other process has exited.
            RequestFailed: no answer arrived within `limit` seconds, or the handler failed.
        """
        number = next(self._ids)
        handler: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._pending[number] = handler
        try:
            self._send(_Request(number, what))
            async with asyncio.timeout(limit):
                await asyncio.wait({handler})
            if self._ended:
                raise ChannelClosed("the control channel is closed")
            if handler.cancelled():
                raise RequestFailed(f"no answer to {what!r}")
            return handler.result()
        except TimeoutError:
            raise RequestFailed(f"no answer to {what!r} within {limit:g} s") from None
        finally:
            del self._pending[number]

    def _receive(self, message: _Request | _Response | _Failure) -> None:
        if isinstance(message, _Request):
            self._tasks.start(self._reply(message), name=f"answer {message.what!r}")
            return
        pending = self._pending.get(message.id)
        if pending is None or pending.done():
            return
        if isinstance(message, _Failure):
            pending.cancel()
        else:
            pending.set_result(bytes(message.body))

    async def _reply(self, request: _Request) -> None:
        with suppress(ChannelClosed):
            try:
                body = msgspec.Raw(await self._handler(request.what))
            except Exception:
                self._send(_Failure(request.id))
                raise
            self._send(_Response(request.id, body))

    def _send(self, what: _Request | _Response | _Failure) -> None:
        # A failed write closes the transport before `run` notices the end.
        if self._ended or self._writer.is_closing():
            raise ChannelClosed("the control channel is closed")
        self._writer.write(_encode(what) + b"\n")
