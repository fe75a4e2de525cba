"""Queue what a node publishes on one shard, and send it in batches, one after another."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

from redis.exceptions import AskError, MovedError, TryAgainError

from brokers.base import Receipt
from brokers.errors import BrokerError, Unavailable, WritesRefused
from brokers.redis.connection.client import Command, Reply, expect, is_script_missing, pack
from brokers.redis.publish.connection import PublishConnection, PublishTarget
from brokers.redis.publish.write_check import WriteCheck, refused_publish, too_many_rooms
from brokers.redis.scripts.library import PUBLISH

logger: Final = logging.getLogger(__name__)

Answer: TypeAlias = asyncio.Future[Receipt]

_BATCH: Final = 256  # commands in one batch
_WAITING_BYTES: Final = 64 * 1024 * 1024
_PAUSE: Final = 0.01  # seconds before a command for a migrating slot is retried
_REDIRECTS: Final = (MovedError, AskError, TryAgainError)


class QueuedPublish(NamedTuple):
    """A queued entry or signal.

    Attributes:
        body: the command without the parts that depend on the server: an entry lacks its end, a signal its
            beginning.
        answer: the caller's future; None for a signal.
        since: when it was queued, in the loop's time.
        slot: its hash slot.
    """

    body: bytes
    answer: Answer | None
    since: float
    slot: int

    def command(self, server: PublishTarget) -> Command:
        """Complete the command for a server."""
        if self.answer is None:
            return b"*3\r\n$%d\r\n%b\r\n%b" % (len(server.verb), server.verb, self.body)
        return b"%b$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
            self.body, len(server.verb), server.verb, len(server.identity), server.identity,
        )  # fmt: skip


def entry(answer: Answer, since: float, slot: int, *parts: str | bytes | float) -> QueuedPublish:
    """Encode an entry: `parts` are the keys and arguments of the script, except the last two."""
    whole = pack("EVALSHA", PUBLISH.digest, 3, *parts, b"", b"")
    return QueuedPublish(whole[: -len(b"$0\r\n\r\n$0\r\n\r\n")], answer, since, slot)


def signal(since: float, slot: int, channel: bytes, payload: bytes) -> QueuedPublish:
    """Encode a signal, which is not stored."""
    body = b"$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(channel), channel, len(payload), payload)
    return QueuedPublish(body, None, since, slot)


class Publisher:
    """The publish queue of one node for one shard.

    The next batch is sent when the previous one was answered. So batches grow under load, and the order of
    calls is kept.

    Args:
        connection: where batches are sent.
        timeout: seconds that a caller waits at most.
        replicas: how many replicas must have an entry before it is acknowledged.
        writes: is notified of what Redis refuses.
        moved: takes items whose slot has moved to another shard, in order, with the redirect.
    """

    def __init__(
        self,
        connection: PublishConnection,
        timeout: float,
        replicas: int,
        writes: WriteCheck,
        moved: Callable[[list[QueuedPublish], MovedError], None],
    ) -> None:
        self._connection = connection
        self._timeout = timeout
        self._replicas = replicas
        self._writes = writes
        self._moved = moved
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[QueuedPublish] = deque()
        self._in_flight: Counter[int] = Counter()
        self._bytes = 0
        self._something = asyncio.Event()
        self._script_missing = False
        self.dropped_signals = 0
        self.batches = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def has_pending(self, slot: int) -> bool:
        """Return whether any item of a slot is queued or in flight."""
        return slot in self._in_flight

    def enqueue(self, item: QueuedPublish) -> None:
        """Queue an item."""
        if self._bytes + len(item.body) > _WAITING_BYTES:
            self._fail([item], Unavailable("the publish queue is full: try again"))
            return
        self._in_flight[item.slot] += 1
        self._bytes += len(item.body)
        self._waiting.append(item)
        self._something.set()

    def take(self, slot: int | None = None) -> list[QueuedPublish]:
        """Remove queued items, all or those of one slot, to publish them elsewhere or not at all."""
        taken = [item for item in self._waiting if slot is None or item.slot == slot]
        kept = [item for item in self._waiting if slot is not None and item.slot != slot]
        self._waiting = deque(kept)
        self._bytes = sum(len(item.body) for item in kept)
        self._release(taken)
        return taken

    async def run(self) -> None:
        """Send queued items until cancelled."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while self._waiting:
                    await self._send([self._next() for _ in range(min(_BATCH, len(self._waiting)))])
        finally:
            await self._connection.drop()

    def fail(self, reason: str) -> None:
        """Fail all queued items: they were not sent."""
        self._fail(self.take(), Unavailable(reason))

    def _next(self) -> QueuedPublish:
        item = self._waiting.popleft()
        self._bytes -= len(item.body)
        return item

    async def _send(self, items: list[QueuedPublish]) -> None:
        """Send a batch and resolve its futures, within the time limit of its oldest item."""
        self.batches += 1
        limit = items[0].since + self._timeout - self._loop.time()
        again: list[tuple[QueuedPublish, Reply]] = []
        try:
            replies = await self._connection.run(
                lambda server: self._commands_for(items, server, limit), limit
            )
            again = self._resolve(items, replies)
        except WritesRefused as error:
            self._writes.suspect(str(error))
            self._fail(items, WritesRefused(str(error)))
        except BrokerError as error:
            self._fail(items, Unavailable(str(error)))
        except Exception as error:
            logger.exception("redis_publish_failed")
            self._fail(items, Unavailable(f"not published: {error}"))
        except BaseException:
            self._fail(items, Unavailable("the broker was closed: the entry may or may not be stored"))
            raise
        finally:
            self._release(items)
        await self._retry(again)

    def _commands_for(
        self, items: Iterable[QueuedPublish], server: PublishTarget, limit: float
    ) -> list[Command]:
        commands = [item.command(server) for item in items]
        if self._replicas:
            commands.append(pack("WAIT", self._replicas, max(1, int(limit * 900))))
        if self._script_missing:
            commands.insert(0, pack("SCRIPT", "LOAD", PUBLISH.text))
        return commands

    def _resolve(
        self, items: Sequence[QueuedPublish], replies: list[Reply]
    ) -> list[tuple[QueuedPublish, Reply]]:
        """Resolve futures; return the items to retry, each with the reply that calls for it."""
        if self._script_missing:
            self._script_missing = False
            expect(replies.pop(0))
        short = ""
        if self._replicas and (acknowledged := cast(int, expect(replies.pop()))) < self._replicas:
            short = (
                f"stored on {acknowledged} of {self._replicas} required replicas: try again with the same key"
            )
        again = retryable(items, replies)
        for place, (item, reply) in enumerate(zip(items, replies, strict=True)):
            if place not in again and item.answer is not None and not item.answer.done():
                self._settle(item.answer, reply, short)
        return [(items[place], replies[place]) for place in sorted(again)]

    def _settle(self, answer: Answer, reply: Reply, short: str) -> None:
        if full := too_many_rooms(reply):
            answer.set_exception(full)
            return
        if error := refused_publish(reply):
            self._writes.suspect(str(error))
            answer.set_exception(error)
            return
        epoch, offset, duplicate, late = cast(tuple[bytes, int, int, bytes], reply)
        if late:
            # The entry is stored: the trim was refused, or its delivery, which other nodes repair.
            self._writes.suspect(late.decode(errors="replace"))
        if short:
            answer.set_exception(Unavailable(short))
        else:
            answer.set_result(Receipt(epoch.decode(), offset, bool(duplicate)))

    async def _retry(self, again: Sequence[tuple[QueuedPublish, Reply]]) -> None:
        """Forward items of moved slots, and put the others back at the head of the queue."""
        gone = {item.slot: reply for item, reply in again if isinstance(reply, MovedError)}
        late = self._loop.time() - self._timeout / 2
        back: list[QueuedPublish] = []
        for item, _ in again:
            if item.slot in gone:
                continue
            if item.since < late:
                self._fail([item], Unavailable("the slot is moving to another shard: try again"))
            else:
                back.append(item)
        for slot, error in gone.items():
            first = [item for item, _ in again if item.slot == slot]
            self._moved(first + self.take(slot), error)
        self._waiting.extendleft(reversed(back))
        self._bytes += sum(len(item.body) for item in back)
        self._in_flight.update(item.slot for item in back)
        self._script_missing = any(is_script_missing(reply) for _, reply in again)
        if back and not self._script_missing:
            await asyncio.sleep(_PAUSE)

    def _release(self, items: Iterable[QueuedPublish]) -> None:
        acknowledged = self._in_flight
        for item in items:
            acknowledged[item.slot] -= 1
            if not acknowledged[item.slot]:
                del acknowledged[item.slot]

    def _fail(self, items: Iterable[QueuedPublish], error: BrokerError) -> None:
        for item in items:
            if item.answer is None:
                self.dropped_signals += 1
            elif not item.answer.done():
                item.answer.set_exception(error)


def retryable(items: Sequence[QueuedPublish], replies: Sequence[Reply]) -> set[int]:
    """Find the entries to retry: the server lacked the script, or no longer has the slot.

    Either condition may end between two commands of a batch. An entry before a stored one of the same slot is
    not retried, because it would be stored out of order; its caller receives the error.
    """
    stored: dict[int, int] = {}
    for place, (item, reply) in enumerate(zip(items, replies, strict=True)):
        if isinstance(reply, list):
            stored[item.slot] = place
    return {
        place
        for place, (item, reply) in enumerate(zip(items, replies, strict=True))
        if item.answer is not None
        and (is_script_missing(reply) or isinstance(reply, _REDIRECTS))
        and place > stored.get(item.slot, -1)
    }
