"""One connection to NATS: what goes out in order, what comes in at once, and when it is over.

A link is not mended: when it ends, for whatever reason, the broker makes another. So nothing of an old
connection can reach into the new one, and there is one way to come back, whatever happened.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from typing_extensions import override

from brokers.base import Options
from brokers.errors import BrokerClosed, BrokerError, Unavailable
from brokers.nats.connection.client import NatsClient
from brokers.nats.connection.credentials import read_credentials
from brokers.nats.connection.failures import explain
from brokers.nats.connection.inbox import ReplyInbox
from brokers.nats.connection.url import NatsUrl

T = TypeVar("T")

# What may wait to be written, in bytes of payload, and how many answers may be awaited at once.
MAX_PENDING_BYTES: Final = 32 * 1024 * 1024
MAX_PENDING_CALLS: Final = 100_000
# What is worth being written before a connection is closed.
_FLUSH_ON_CLOSE: Final = 64 * 1024
# What a frame holds besides payload and headers.
_FRAME: Final = 64

_log: Final = logging.getLogger(__name__)


class MessageSink(asyncio.Future[Msg]):
    """Takes each message of a subscription at once, where nats-py has a future for the first.

    So there is no queue that could overflow in silence and no task for each room: what this node doesn't read
    in time waits at the server, and if it gets too much there, the server ends the connection, which is told.
    """

    def __init__(self, take: Callable[[Msg], None]) -> None:
        super().__init__()
        self._take = take

    @override
    def set_result(self, result: Msg, /) -> None:
        try:
            self._take(result)
        except Exception:  # noqa: BLE001 - nats-py would stop reading, and nobody would know
            _log.exception("nats_message_failed", extra={"subject": result.subject})


class NatsConnection:
    """A connection, from `open` until `ended` has a reason."""

    def __init__(self, options: Options, address: NatsUrl) -> None:
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
        self.inbox = ReplyInbox(options.timeout)
        self.ended: asyncio.Future[BrokerError] = asyncio.get_running_loop().create_future()

    @property
    def version(self) -> tuple[int, ...]:
        """The server's version, as far as it is numbers."""
        server = self._client.connected_server_version
        try:
            return server.major, server.minor
        except ValueError:
            return ()

    @property
    def clustered(self) -> bool:
        """Whether the server is one of several."""
        return bool(self._client._server_info.get("cluster"))  # noqa: SLF001  nats-py tells it nowhere else

    @property
    def waiting(self) -> int:
        """The bytes that wait to be written."""
        return self._waiting

    async def open(self, known: Iterable[str]) -> None:
        """Connect to one of the servers of the address, or of those that an earlier link heard of."""
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
                    # Each server is tried at once and once again, then this attempt is over.
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0,
                    connect_timeout=max(1, round(self._options.timeout)),
                    skip_subject_validation=True,  # they are `names`'s
                    **access,
                )
        except TimeoutError:
            raise Unavailable(f"{self._where} doesn't answer within {self._options.timeout:g} s") from None
        except (NatsError, OSError) as error:
            raise explain(self._last_error or error, self._where) from error
        self._replies = self._client.new_inbox()
        self.run(self._write(), name="nats writer")
        self.listen(f"{self._replies}.*", self._reply)

    def discovered(self) -> list[str]:
        """Name the servers that the cluster told of, in the form of an address."""
        return [server.geturl() for server in self._client.discovered_servers]

    def end(self, reason: BrokerError) -> None:
        """Say that this connection is of no use any more, also to all who wait; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(reason)
            self.inbox.end(self._failure())

    def run(self, work: Coroutine[object, object, None], *, name: str) -> None:
        """Run a task for as long as the link is used; if it fails, the link is of no use."""
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
        """Let go of the connection, also of one that hangs, and end all tasks."""
        if self.ended.done() or self._waiting + self._client.pending_data_size > _FLUSH_ON_CLOSE:
            self._abort()  # nats-py would wait for a server that doesn't read
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
            writer.transport.abort()  # nothing, if it is closed

    async def _write(self) -> None:
        """Write what is to go out, in the order of the calls."""
        # nats-py swallows a cancellation while it waits for a slow server: so it's `ended` that is asked.
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
        """Tell whether the server takes a message of that size."""
        size = len(payload) + _FRAME
        for name, value in (headers or {}).items():
            size += len(name) + len(value) + 4  # in ASCII
        return size <= self._client.max_payload

    def send(
        self, subject: str, payload: bytes, *, reply: str = "", headers: dict[str, str] | None = None
    ) -> bool:
        """Send a message, behind all that was sent before; tell whether there was room for it."""
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
        """Send a message that is answered; see `Inbox.expect`. Raises `Unavailable` if it can't be sent."""
        if self.ended.done():
            raise self._failure()
        if self._waiting > MAX_PENDING_BYTES or len(self.inbox) >= MAX_PENDING_CALLS:
            raise Unavailable("too much waits to be sent to NATS")
        token, future = self.inbox.expect(take)
        self.send(subject, payload, reply=self.reply_to(token), headers=headers)
        return future

    def pull(self, subject: str, payload: bytes, take: Callable[[Msg], T | None]) -> asyncio.Future[T]:
        """Ask for what comes under subjects of its own, so that its answers need an inbox of their own."""
        if self.ended.done():
            raise self._failure()
        token, future = self.inbox.expect(take)
        own = self._client.new_inbox()
        stop = self.listen(own, partial(self.inbox.take, token))
        future.add_done_callback(lambda _: stop())
        self.send(subject, payload, reply=own)
        return future

    def reply_to(self, token: str) -> str:
        """Tell the subject of the answers to a token."""
        return f"{self._replies}.{token}"

    def listen(self, subject: str, take: Callable[[Msg], None]) -> Callable[[], None]:
        """Take all messages of a subject, behind all that was sent before; return what ends it."""
        subscription: list[Subscription] = []

        async def begin() -> None:
            subscription.append(await self._client.subscribe(subject, future=MessageSink(take)))

        async def stop() -> None:
            await subscription[0].unsubscribe()

        self._put(0, begin)
        return partial(self._put, 0, stop)

    def _put(self, size: int, send: Callable[[], Awaitable[object]]) -> None:
        self._waiting += size
        self._outbox.append((size, send))
        self._filled.set()

    def _reply(self, message: Msg) -> None:
        self.inbox.take(message.subject.rpartition(".")[2], message)

    async def _failed(self, error: Exception) -> None:
        self._last_error = error
        if "permissions violation" in str(error).lower():
            self.end(explain(error))

    async def _leave(self) -> None:
        """Go, before the server ends the connection; where there's no other, stay as long as it lets us."""
        if len(self._client.servers) > 1:
            self.end(Unavailable("the server is going out of service"))

    async def _closed(self) -> None:
        self.end(explain(self._last_error or self._client.last_error))
