"""The plain codec: a connection that knows nothing of hubbub is a chat client all the same (PL1-PL4)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from brokers.errors import BrokerError
from brokers.errors import BrokerRefused as RefusedByBroker
from hubbub_protocol import Close
from service.identity.identity import Identity
from service.identity.rate_limit import TokenBucket
from service.node import Node
from service.rooms.join_start import find_start
from service.runtime.backoff import Backoff
from service.sessions import send
from service.sessions.errors import CommandError
from service.sessions.idempotency import new_key
from service.transport.connection import Connection
from service.wire.messages import read_plain

if TYPE_CHECKING:
    from service.rooms.member import Member
    from service.rooms.room import Room

# Messages that wait to be stored before the socket is read no more.
QUEUE: Final = 64

_log: Final = logging.getLogger(__name__)


class PlainSession:
    """A member of one room that sends texts and gets texts."""

    __slots__ = (
        "_bucket", "_gone_at", "_identity", "_member", "_node", "_pinged", "_pump", "_queue", "_room",
        "connection",
    )  # fmt: skip

    def __init__(
        self, node: Node, connection: Connection, identity: Identity, room: Room, member: Member
    ) -> None:
        self._node = node
        self._identity = identity
        self._room = room
        self._member = member
        self._bucket = TokenBucket(node.settings.sends_per_second, node.settings.sends_burst)
        self._queue: deque[str] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._gone_at: float | None = None
        self._pinged = node.pings.add(connection)
        self.connection = connection

    def receive(self, text: str) -> None:
        """Take one message."""
        text = read_plain(text)
        if not text or text.isspace():
            return
        self._queue.append(text)
        if len(self._queue) >= QUEUE:
            self.connection.hold_reading(hold=True)
        if self._pump is None:
            self._pump = self._node.tasks.start(self._store_all(), name="store plain messages")
            self._node.finishing.add(self._pump)
            self._pump.add_done_callback(self._node.finishing.discard)

    def resumed(self) -> None:
        """Catch up, now that the transport takes output again."""
        self._room.fanout.catch_up(self._member)

    def ended(self) -> None:
        """Leave the room. What was sent before is still stored."""
        self._gone_at = monotonic()
        self._room.leave(self._member)
        self._node.rooms.release(self._room)
        self._node.forget(self.connection, self._pinged)
        if self._pump is None:
            self._node.guests.release_guest(self._identity.user, self.connection)

    async def _store_all(self) -> None:
        """Store what is queued, one after another."""
        try:
            while self._queue and not self._too_late():
                await self._store(self._queue[0])
                self._queue.popleft()
                if len(self._queue) < QUEUE:
                    self.connection.hold_reading(hold=False)
        except (CommandError, RefusedByBroker) as refused:
            self.connection.close(Close.POLICY, str(refused))
        except BrokerError as error:
            _log.warning("plain_not_stored", extra={"room": self._room.name, "reason": str(error)})
        finally:
            self._end_pump()

    def _end_pump(self) -> None:
        """Drop what is left, and give the name back if its holder is gone; until now it was in use."""
        self._pump = None
        if self._queue:
            self._node.metrics.plain_messages_dropped += len(self._queue)
            _log.warning("plain_dropped", extra={"room": self._room.name, "count": len(self._queue)})
            self._queue.clear()
        if self._gone_at is not None:
            self._node.guests.release_guest(self._identity.user, self.connection)

    def _too_late(self) -> bool:
        return self._gone_at is not None and monotonic() - self._gone_at > self._node.tuning.plain_grace

    async def _keep_the_rate(self) -> None:
        """Wait until the rate allows one more; a node that stops has no time for it."""
        # A timer may be early by a little, so it's asked again.
        wait = self._bucket.take(monotonic())
        while wait and not self._node.draining:
            await asyncio.sleep(wait)
            wait = self._bucket.take(monotonic())

    async def _store(self, text: str) -> None:
        """Store one message, however long that takes while its sender is here (PL4)."""
        send.check_text(self._node, self._identity, self._room.name, text)
        await self._keep_the_rate()
        tuning = self._node.tuning
        key, backoff = new_key(), Backoff(tuning.plain_first_wait, tuning.plain_longest_wait)
        while True:
            try:
                await send.publish(self._node, self._identity, self._room.name, text, key)
            except BrokerError as error:
                if self._too_late() or self._node.draining or isinstance(error, RefusedByBroker):
                    raise
                await backoff.wait()
            else:
                self._node.metrics.messages_in += 1
                return


async def open_plain(
    node: Node, connection: Connection, room_name: str, identity: Identity, history: int
) -> None:
    """Make a connection a member of a room.

    Raises:
        BrokerError: the room can't be joined now.
    """
    async with node.rooms.open(room_name) as room:
        start = await find_start(room, None, history)
        member = room.enter(connection, connection.codec, identity.user)
        connection.receiver = PlainSession(node, connection, identity, room, member)
        for entry in start.entries:
            connection.write(connection.codec.frame(room.log.room, entry))
        room.fanout.add(member, start.epoch, start.cursor)
