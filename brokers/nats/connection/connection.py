"""Manage one connection to NATS: outgoing messages in order, incoming messages at once, and its end.

A connection is never repaired. When it ends, for any reason, the broker opens a new one. So no state of an
old connection leaks into the new one, and there is only one recovery path.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from typing_extensions import override

from brokers.base import BrokerOptions
from brokers.errors import BrokerClosed, BrokerError, Unavailable, WritesRefused
from brokers.nats.connection.client import NatsClient
from brokers.nats.connection.credentials import read_credentials
from brokers.nats.connection.failures import explain, explain_refusal
from brokers.nats.connection.inbox import ReplyInbox
from brokers.nats.connection.refusals import Fences, Refusal, read_refusal
from brokers.nats.connection.url import NatsUrl

T = TypeVar("T")

# Limits of payload bytes that are queued for writing, and of requests that are pending.
MAX_PENDING_BYTES: Final = 32 * 1024 * 1024
MAX_PENDING_CALLS: Final = 100_000
# Queued bytes that are still written before a connection is closed.
_FLUSH_ON_CLOSE: Final = 64 * 1024
# Bytes of a frame besides payload and headers.
_FRAME: Final = 64

_log: Final = logging.getLogger(__name__)


class MessageSink(asyncio.Future[Msg]):
    """Passes each message of a subscription on immediately, in place of nats-py's future for the first one.

    So there is no queue that could drop messages silently, and no task for each room. If this node reads too
    slowly, messages queue at the server. If too many do, the server closes the connection, and that is
    reported.
    """

    def __init__(self, take: Callable[[Msg], None]) -> None:
        super().__init__()
        self._take = take

    @override
    def set_result(self, result: Msg, /) -> None:
        try:
            self._take(result)
        except Exception:  # noqa: BLE001 - nats-py would stop reading without any report
            _log.exception("nats_message_failed", extra={"subject": result.subject})


class NatsConnection:
    """A connection, from `open` until `ended` holds the reason of its end."""

    def __init__(self, options: BrokerOptions, address: NatsUrl) -> None:
        self._options = options
        self._address = address
        self._where = f"NATS at {', '.join(address.servers)}"
        self._client = NatsClient(encrypted=address.encrypted, known=bool(address.cert))
        self._outbox: deque[tuple[int, Callable[[], Awaitable[object]]]] = deque()
        self._filled = asyncio.Event()
        self._waiting = 0
        self._last_error: Exception | None = None
        self._replies = ""
        self._tasks: list[asyncio.Task[None]] = []
        self._fences = Fences()
        # Called with the subject, in lower case, and the reason when a message was refused.
        self.publish_refused: Callable[[str, str], None] = lambda _, __: None
        self.inbox = ReplyInbox(options.timeout)
        self.ended: asyncio.Future[BrokerError] = asyncio.get_running_loop().create_future()

    @property
    def version(self) -> tuple[int, ...]:
        """The server's major and minor version; empty if they are not numbers."""
        server = self._client.connected_server_version
        try:
            return server.major, server.minor
        except ValueError:
            return ()

    @property
    def clustered(self) -> bool:
        """Whether the server is part of a cluster."""
        return bool(self._client._server_info.get("cluster"))  # noqa: SLF001  nats-py exposes it nowhere else

    @property
    def waiting(self) -> int:
        """The number of queued bytes."""
        return self._waiting

    async def open(self, known: Iterable[str]) -> None:
        """Connect to a server of the URL, or to one that an earlier connection discovered."""
        access = await asyncio.to_thread(read_credentials, self._address)
        try:
            async with asyncio.timeout(self._options.timeout):
                await self._client.connect(
                    servers=list(dict.fromkeys((*self._address.servers, *known))),
                    error_cb=self._failed,
                    closed_cb=self._closed,
                    lame_duck_mode_cb=self._leave,
                    name=self._options.prefix,
                    allow_reconnect=False,
                    # Each server is tried twice, without a delay, before this attempt fails.
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=max(1, round(self._options.timeout)),
                    skip_subject_validation=True,  # they come from `subjects`
                    **access,
                )
        except TimeoutError:
            raise Unavailable(f"{self._where} did not answer within {self._options.timeout:g} s") from None
        except (NatsError, OSError) as error:
            raise explain(self._last_error or error, self._where) from error
        self._replies = self._client.new_inbox()
        self.run(self._write(), name="nats writer")
        self.listen(f"{self._replies}.*", self._reply)

    def discovered(self) -> list[str]:
        """Return the URLs of the servers that the cluster announced."""
        return [server.geturl() for server in self._client.discovered_servers]

    def end(self, reason: BrokerError) -> None:
        """End the connection, and fail all pending requests. Only the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(reason)
            self.inbox.end(self._failure())

    def run(self, work: Coroutine[object, object, None], *, name: str) -> None:
        """Run a task until the connection ends; if the task fails, the connection ends."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._done)
        self._tasks.append(task)

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            _log.error("nats_task_failed", extra={"task": task.get_name()}, exc_info=error)
            self.end(Unavailable(f"{task.get_name()} failed: {error!r}"))

    def _failure(self) -> BrokerError:
        reason = self.ended.result()
        return reason if isinstance(reason, (BrokerClosed, Unavailable)) else Unavailable(str(reason))

    async def close(self) -> None:
        """Close the connection, even if the server hangs, and end all tasks."""
        if self.ended.done() or self._waiting + self._client.pending_data_size > _FLUSH_ON_CLOSE:
            self._abort()  # nats-py would wait for a server that does not read
        self.end(BrokerClosed("the broker was closed"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(NatsError, OSError, TimeoutError, AssertionError):
            async with asyncio.timeout(min(1.0, self._options.timeout)):
                await self._client.close()
        self._abort()

    def _abort(self) -> None:
        writer = getattr(getattr(self._client, "_transport", None), "_io_writer", None)
        if writer is not None:
            writer.transport.abort()  # a no-op if it is closed

    async def _write(self) -> None:
        """Write queued messages in the order of the calls."""
        # nats-py swallows a cancellation while it waits for a slow server, so check `ended` as well.
        while not self.ended.done():
            await self._filled.wait()
            self._filled.clear()
            while self._outbox and not self.ended.done():
                size, send = self._outbox.popleft()
                self._waiting -= size
                try:
                    await send()
                except (NatsError, OSError) as error:
                    self.end(explain(self._last_error or error))
                    return

    def fits(self, payload: bytes, headers: dict[str, str] | None = None) -> bool:
        """Return whether the server accepts a message of that size."""
        size = len(payload) + _FRAME
        for name, value in (headers or {}).items():
            size += len(name) + len(value) + 4  # ASCII
        return size <= self._client.max_payload

    def send(
        self, subject: str, payload: bytes, *, reply: str = "", headers: dict[str, str] | None = None
    ) -> bool:
        """Queue a message; return False if the queue is full."""
        if self._waiting > MAX_PENDING_BYTES:
            return False
        self._put(len(payload), partial(self._client.publish, subject, payload, reply, headers))
        return True

    def ask(
        self,
        subject: str,
        payload: bytes,
        take: Callable[[Msg], T | None],
        headers: dict[str, str] | None = None,
    ) -> asyncio.Future[T]:
        """Send a request, see `ReplyInbox.expect`. Raises `Unavailable` if it can't be sent."""
        if self.ended.done():
            raise self._failure()
        if self._waiting > MAX_PENDING_BYTES or len(self.inbox) >= MAX_PENDING_CALLS:
            raise Unavailable("the queue of messages to NATS is full")
        token, future = self.inbox.expect(take, subject)
        self.send(subject, payload, reply=self.reply_to(token), headers=headers)
        return future

    def pull(self, subject: str, payload: bytes, take: Callable[[Msg], T | None]) -> asyncio.Future[T]:
        """Request messages that arrive with their own subjects, so the replies need an inbox of their own."""
        if self.ended.done():
            raise self._failure()
        token, future = self.inbox.expect(take, subject)
        own = self._client.new_inbox()

        def refused(reason: str) -> None:
            self.inbox.fail(token, Unavailable(explain_refusal(reason)))

        stop = self.subscribe({own: partial(self.inbox.take, token)}, refused)
        future.add_done_callback(lambda _: stop())
        self.send(subject, payload, reply=own)
        return future

    def reply_to(self, token: str) -> str:
        """Return the reply subject of a token."""
        return f"{self._replies}.{token}"

    def listen(self, subject: str, take: Callable[[Msg], None]) -> None:
        """Subscribe to a subject that the connection is useless without: if it is refused, end."""
        self.subscribe({subject: take}, lambda reason: self.end(explain(NatsError(reason))))

    def subscribe(
        self, takes: Mapping[str, Callable[[Msg], None]], refused: Callable[[str], None]
    ) -> Callable[[], None]:
        """Subscribe to subjects, after all queued messages; return a function that unsubscribes.

        `refused` is called with the reason for each one that the server refuses, ahead of the reply to
        anything that is sent later.
        """
        subscriptions: list[Subscription] = []

        async def begin() -> None:
            fence = self._fences.expect(refused)
            for subject, take in takes.items():
                subscriptions.append(await self._client.subscribe(subject, future=MessageSink(take)))
            await self._client.fence(fence)

        async def stop() -> None:
            for subscription in subscriptions:
                await subscription.unsubscribe()

        self._put(0, begin)
        return partial(self._put, 0, stop)

    def _put(self, size: int, send: Callable[[], Awaitable[object]]) -> None:
        self._waiting += size
        self._outbox.append((size, send))
        self._filled.set()

    def _reply(self, message: Msg) -> None:
        self.inbox.take(message.subject.rpartition(".")[2], message)

    async def _failed(self, error: Exception) -> None:
        if refusal := read_refusal(str(error)):
            self._refused(refusal)
        else:
            self._last_error = error

    def _refused(self, refusal: Refusal) -> None:
        """Fail what was refused; end the connection if it is useless without it."""
        prefix = self._options.prefix.lower()
        if not refusal.publish:
            known = self._fences.refuse(refusal.reason)
        elif known := refusal.subject.startswith((f"{prefix}.in.", f"{prefix}.sig.")):
            self.inbox.refuse(refusal.subject, WritesRefused(explain_refusal(refusal.reason)))
            self.publish_refused(refusal.subject, refusal.reason)
        if not known:
            self.end(explain(NatsError(refusal.reason)))

    async def _leave(self) -> None:
        """Leave a server in lame duck mode before it disconnects; stay if there is no other."""
        if len(self._client.servers) > 1:
            self.end(Unavailable("the server is shutting down (lame duck mode)"))

    async def _closed(self) -> None:
        self.end(explain(self._last_error or self._client.last_error))
