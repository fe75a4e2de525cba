"""What a node publishes: gathered for a turn of the loop, sent in one piece, one piece after another."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from itertools import count
from secrets import token_hex
from typing import Final, NamedTuple, TypeAlias, cast

from redis.exceptions import NoScriptError

from brokers.base import Options, Receipt
from brokers.errors import BrokerError, Unavailable
from brokers.redis.link import Command, Link, Reply, expect, pack
from brokers.redis.names import Names
from brokers.redis.scripts import PUBLISH

logger: Final = logging.getLogger(__name__)

Answer: TypeAlias = asyncio.Future[Receipt]

_AT_ONCE: Final = 256  # commands in one piece
_WAITING_BYTES: Final = 64 * 1024 * 1024


class Item(NamedTuple):
    """A command that waits to be sent, and who waits for its reply, if anybody does."""

    command: Command
    answer: Answer | None
    since: float


class Publisher:
    """The queue of one node towards Redis.

    The next piece leaves when the last one was answered. So pieces grow by themselves under load, and what
    was called first is stored first, whatever connection it takes.
    """

    def __init__(self, link: Link, names: Names, options: Options) -> None:
        self._link = link
        self._names = names
        self._options = options
        retention = options.retention
        self._bounds = (retention.entries, retention.size, int(retention.age * 1000))
        self._window = max(1, int(options.key_window * 1000))
        self._node = token_hex(4)
        self._births = count(1)
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Item] = deque()
        self._bytes = 0
        self._something = asyncio.Event()
        self.lost_signals = 0
        self.pieces = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def new_epoch(self) -> str:
        """Make a name that no epoch ever had."""
        return f"{self._node}.{next(self._births):x}"

    def publish(self, room: str, payload: bytes, key: str, answer: Answer) -> None:
        """Have an entry stored and published, as the promises P2-P5 say."""
        names = self._names
        keys = (names.head(room), names.stream(room), names.key(room, key))
        rest = (self.new_epoch(), *self._bounds, self._window, names.channel(room))
        if not self._put(pack("EVALSHA", PUBLISH.digest, 3, *keys, payload, *rest), answer):
            answer.set_exception(Unavailable("too much waits to be published already; try again"))

    def say(self, channel: bytes, payload: bytes) -> None:
        """Publish what is stored nowhere; if it can't be sent, it is lost."""
        if not self._put(pack("PUBLISH", channel, payload)):
            self.lost_signals += 1

    def also(self, *command: str | bytes | float) -> None:
        """Send a command along whose reply nobody needs."""
        self._put(pack(*command))

    async def run(self) -> None:
        """Send what waits, for ever."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                while self._waiting:
                    await self._send([self._take() for _ in range(min(_AT_ONCE, len(self._waiting)))])
        finally:
            self.fail("the broker was closed")

    def fail(self, reason: str) -> None:
        """Give up what waits: it was not sent."""
        _fail([self._take() for _ in range(len(self._waiting))], Unavailable(reason))

    def _put(self, command: Command, answer: Answer | None = None) -> bool:
        if self._bytes + len(command) > _WAITING_BYTES:
            return False
        self._bytes += len(command)
        self._waiting.append(Item(command, answer, self._loop.time()))
        self._something.set()
        return True

    def _take(self) -> Item:
        item = self._waiting.popleft()
        self._bytes -= len(item.command)
        return item

    async def _send(self, items: Sequence[Item]) -> None:
        """Send a piece and hand out the replies. None of its callers waits longer than the time limit."""
        self.pieces += 1
        limit = items[0].since + self._options.timeout - self._loop.time()
        try:
            replies = await self._link.run(*(item.command for item in items), limit=limit)
            if unknown := scripts_unknown(replies):
                again = [items[place] for place in unknown]
                kept = [place for place in range(len(items)) if place not in set(unknown)]
                _hand_out([items[place] for place in kept], [replies[place] for place in kept])
                await self._send_again(again, limit)
            else:
                _hand_out(items, replies)
        except BrokerError as error:
            self._lose(items, Unavailable(str(error)))
        except Exception as error:
            logger.exception("a piece could not be published")
            self._lose(items, Unavailable(f"not published: {error}"))
        except BaseException:
            _fail(items, Unavailable("the broker was closed; it may be stored or not"))
            raise

    async def _send_again(self, items: Sequence[Item], limit: float) -> None:
        """Load the script, which Redis had lost, and send again what needed it."""
        _, *replies = await self._link.run(
            pack("SCRIPT", "LOAD", PUBLISH.text), *(item.command for item in items), limit=limit
        )
        _hand_out(items, replies)

    def _lose(self, items: Sequence[Item], error: BrokerError) -> None:
        self.lost_signals += sum(item.answer is None for item in items)
        _fail(items, error)


def scripts_unknown(replies: Sequence[Reply]) -> list[int]:
    """Find the commands that may be sent again because Redis had lost the script.

    Another node may have loaded it between two of ours. What comes before one that was stored must not be
    stored after it: it isn't sent again, its caller is.
    """
    last = max((place for place, reply in enumerate(replies) if isinstance(reply, list)), default=-1)
    return [place for place, reply in enumerate(replies) if place > last and isinstance(reply, NoScriptError)]


def _hand_out(items: Sequence[Item], replies: Sequence[Reply]) -> None:
    for item, reply in zip(items, replies, strict=True):
        if item.answer is None or item.answer.done():
            continue
        try:
            epoch, offset, duplicate = cast(tuple[bytes, int, int], expect(reply))
        except Unavailable as error:
            item.answer.set_exception(error)
        else:
            item.answer.set_result(Receipt(epoch.decode(), offset, bool(duplicate)))


def _fail(items: Sequence[Item], error: BrokerError) -> None:
    for item in items:
        if item.answer is not None and not item.answer.done():
            item.answer.set_exception(error)
