"""The one connection that listens: kept up, checked when it's silent, and made anew when it is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from random import random
from typing import Final, cast

from redis.exceptions import RedisError, ResponseError

from brokers.base import Entry, Listener
from brokers.errors import BrokerError, Unavailable
from brokers.redis.address import Wire
from brokers.redis.link import Link, pack, receive, said, send
from brokers.redis.live import parse
from brokers.redis.probes import Probes
from brokers.redis.subscriptions import Subscriptions

logger: Final = logging.getLogger(__name__)

_CHANNELS_AT_ONCE: Final = 500
_FIRST_WAIT: Final = 0.05
_LONGEST_WAIT: Final = 5.0


class Supervisor:
    """The listening connection of one node.

    Args:
        link: where connections come from.
        listener: who is told `deliver`, `signal`, `lost` and `restored`.
        probes: what finds out whether messages really come round.
        silence: seconds without any message before that is asked; and for how long an answer may take.
    """

    def __init__(self, link: Link, listener: Listener, probes: Probes, *, silence: float) -> None:
        self._link = link
        self._listener = listener
        self._probes = probes
        self._silence = silence
        self._wake = asyncio.Event()
        self._news = asyncio.Event()
        self._heard = False
        self._told_lost = False
        self._stopping = False
        self._reason = ""
        self.subscriptions = Subscriptions(self._wake.set)
        self._own = self.subscriptions.join("", probes.channel)
        self.subscriptions.held(self._own)
        self.up = asyncio.Event()
        self.reconnects = 0
        self.unreadable = 0

    async def run(self) -> None:
        """Listen, and connect again whenever that ends, for ever."""
        wait = _FIRST_WAIT
        while True:
            was_up = await self._connected()
            wait = _FIRST_WAIT if was_up else min(2 * wait, _LONGEST_WAIT)
            await asyncio.sleep(wait * random())  # noqa: S311 - spreads the nodes, keeps no secret

    def stop(self) -> None:
        """Tell the listener nothing any more, and connect no more; whoever calls this cancels `run`, too."""
        self._stopping = True

    def require(self) -> None:
        """Refuse what needs the backbone while it is away.

        Raises:
            Unavailable: it is.
        """
        if not self.up.is_set():
            raise Unavailable(self._reason or "not connected to Redis yet")

    async def _connected(self) -> bool:
        """Go through the life of one connection, and tell whether it was ever up."""
        try:
            await self._listen()
        except* (BrokerError, RedisError, OSError, EOFError) as group:
            self._reason = f"the connection to Redis was lost: {said(_first(group))}"
        except* Exception as group:
            logger.exception("listening to Redis failed")
            self._reason = f"listening to Redis failed: {said(_first(group))}"
        finally:
            was_up = self.up.is_set()
            self.up.clear()
            self.subscriptions.disconnected(self._reason)
            self._probes.fail(self._reason)
        if self._stopping:
            # Cancelled while a task of the group failed: Python 3.11 would tell the failure only.
            raise asyncio.CancelledError
        if was_up:
            self._told_lost = True
            self._tell(lambda: self._listener.lost(self._reason))
            with suppress(RedisError, OSError):
                await self._link.forget_idle()
        return was_up

    async def _listen(self) -> None:
        async with self._link.connection() as wire, asyncio.TaskGroup() as tasks:
            self.subscriptions.connected()
            tasks.create_task(self._read(wire), name="redis: read")
            tasks.create_task(self._write(wire), name="redis: write")
            tasks.create_task(self._watch(), name="redis: watch")

    async def _watch(self) -> None:
        """Bring the connection up, and ask whether it's alive whenever it is silent."""
        await self._link.check()
        await self._all_subscribed()
        await self._probes.send()
        self.up.set()
        if self._told_lost:
            self._told_lost = False
            self.reconnects += 1
            self._tell(self._listener.restored)
        while True:
            self._heard = False
            await asyncio.sleep(self._silence)
            if not self._heard:
                await self._probes.send()

    async def _all_subscribed(self) -> None:
        try:
            async with asyncio.timeout(self._silence):
                while not self.subscriptions.settled:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Unavailable(f"rooms were not confirmed within {self._silence:.3g} s") from None

    async def _write(self, wire: Wire) -> None:
        """Send changes of subscriptions, those of one turn in one piece."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            changes = self.subscriptions.take_changes()
            for verb, same in groupby(changes, key=itemgetter(0)):
                channels = [channel for _, channel in same]
                for start in range(0, len(channels), _CHANNELS_AT_ONCE):
                    await send(wire, [pack(verb, *channels[start : start + _CHANNELS_AT_ONCE])])

    async def _read(self, wire: Wire) -> None:
        """Take what Redis pushes. Redis pushes much in a burst, so others get their turn in between."""
        while True:
            for _ in range(_CHANNELS_AT_ONCE):
                reply = await receive(wire)
                if isinstance(reply, ResponseError):
                    raise reply
                kind, channel, data = cast(tuple[bytes, bytes, bytes], reply)
                if kind == b"message":
                    self._heard = True
                    self._take(channel, data)
                elif kind == b"subscribe":
                    self.subscriptions.answered(channel)
                    self._news.set()
            await asyncio.sleep(0)

    def _take(self, channel: bytes, data: bytes) -> None:
        subscription = self.subscriptions.find(channel)
        if subscription is None:
            return  # it was left, and Redis doesn't know yet
        if subscription is self._own:
            self._probes.arrived(data)
            return
        try:
            message = parse(subscription.room, data)
        except ValueError as error:
            self.unreadable += 1
            logger.warning("unreadable", extra={"room": subscription.room, "reason": str(error)})
            return
        try:
            if isinstance(message, Entry):
                self._listener.deliver(message)
            else:
                self._listener.signal(subscription.room, message)
        except Exception:
            logger.exception("a listener raised; it goes on with the next message")

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            logger.exception("a listener raised")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Find the error that ended a group of tasks."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
