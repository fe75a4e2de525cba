"""The plain codec: any websocket tool is a chat client, without knowledge of the protocol (PL1-PL4)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from brokers.errors import BrokerError, BrokerRefused
from hubbub_protocol import Close
from hubbub_protocol.names import is_blank
from service.identity.identity import Identity
from service.node import Node
from service.rooms.join_start import find_start
from service.runtime.backoff import Backoff
from service.sessions import pushing, send
from service.sessions.errors import CommandError
from service.sessions.idempotency import new_key
from service.sessions.look_alike_rooms import check_new_room
from service.sessions.references import find_references
from service.transport.connection import Connection
from service.wire.messages import decode_plain

if TYPE_CHECKING:
    from service.rooms.member import Member
    from service.rooms.room import Room

# Messages queued for the broker, before the socket is not read any more.
MAX_QUEUED: Final = 64

_log: Final = logging.getLogger(__name__)


class PlainSession:
    """A member of one room that sends and receives texts."""

    __slots__ = (
        "_disconnected_at", "_identity", "_member", "_node", "_ping_slot", "_queue", "_room",
        "_sends", "_store_task", "connection",
    )  # fmt: skip

    def __init__(
        self, node: Node, connection: Connection, identity: Identity, room: Room, member: Member
    ) -> None:
        self._node = node
        self._identity = identity
        self._room = room
        self._member = member
        self._sends = node.send_limits.find(identity, connection.address)
        self._queue: deque[str] = deque()
        self._store_task: asyncio.Task[None] | None = None
        self._disconnected_at: float | None = None
        self._ping_slot = node.pings.add(connection)
        self.connection = connection

    @property
    def user_id(self) -> str:
        """The id of the user."""
        return self._identity.id

    @property
    def token_id(self) -> str | None:
        """The id of a token: a client of this codec sends none."""
        return None

    def receive(self, text: str) -> None:
        """Queue one message for the broker."""
        text = decode_plain(text)
        if is_blank(text):
            return
        self._queue.append(text)
        if len(self._queue) >= MAX_QUEUED:
            self.connection.pause_input()
        if self._store_task is None:
            self._store_task = self._node.tasks.start(self._store_all(), name="store plain messages")
            self._node.finishing.add(self._store_task)
            self._store_task.add_done_callback(self._node.finishing.discard)

    def resumed(self) -> None:
        """Catch up: the transport accepts output again."""
        self._room.fanout.catch_up(self._member)

    def ended(self) -> None:
        """Leave the room. The queued messages are still stored."""
        self._disconnected_at = monotonic()
        self._room.leave(self._member)
        self._node.rooms.release(self._room)
        self._node.remove_connection(self.connection, self._ping_slot)
        if self._store_task is None:
            self._node.user_names.release_guest(self._identity.user, self.connection)

    async def _store_all(self) -> None:
        """Store the queued messages, one after the other."""
        try:
            while self._queue and not self._grace_is_over():
                await self._store(self._queue[0])
                self._queue.popleft()
                if len(self._queue) < MAX_QUEUED:
                    self.connection.resume_input()
        except (CommandError, BrokerRefused) as error:
            self.connection.close(Close.POLICY, str(error))
        except BrokerError as error:
            _log.warning("plain_not_stored", extra={"room": self._room.name, "reason": str(error)})
        finally:
            self._finish_storing()

    def _finish_storing(self) -> None:
        """Drop the rest of the queue. Release the name of a lost connection, which was in use until now."""
        self._store_task = None
        if self._queue:
            self._node.metrics.plain_messages_dropped += len(self._queue)
            _log.warning("plain_dropped", extra={"room": self._room.name, "count": len(self._queue)})
            self._queue.clear()
        if self._disconnected_at is not None:
            self._node.user_names.release_guest(self._identity.user, self.connection)

    def _grace_is_over(self) -> bool:
        return (
            self._disconnected_at is not None
            and monotonic() - self._disconnected_at > self._node.tuning.plain_grace
        )

    async def _wait_for_rate(self, text: str) -> None:
        """Wait until the rate limit allows one more message. A draining node does not wait."""
        # A timer may fire a little early, so the bucket is checked again.
        wait = self._sends.take(text, monotonic())
        while wait and not self._node.draining:
            await asyncio.sleep(wait)
            wait = self._sends.take(text, monotonic())

    async def _store(self, text: str) -> None:
        """Store one message. While its sender is connected, retry without a limit (PL4)."""
        send.check_text(self._node, self._identity, self._room.name, text)
        await self._wait_for_rate(text)
        if not self._room.log.end:
            send.begin(self._node, self._identity, self.connection.address, self._room)
        tuning = self._node.tuning
        # With the same key in each try.
        found = await find_references(self._node, self._identity, self._room.name, text)
        message = send.message_of(self._identity, text, new_key(), found=found)
        backoff = Backoff(tuning.plain_first_wait, tuning.plain_longest_wait)
        while True:
            try:
                stored = send.publish(self._node, self._identity, self._room.name, message)
                pushing.notify(self._node, self._room.name, message, stored)
                await stored
            except BrokerError as error:
                if self._grace_is_over() or self._node.draining or isinstance(error, BrokerRefused):
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
        BrokerError: the room can't be opened now.
        CommandError: it would be a new room that looks like another one.
    """
    async with node.rooms.open(room_name) as room:
        if room.log.end:
            node.room_names.add(room_name)
        else:
            await check_new_room(node, identity, room_name)
        start = await find_start(room, None, history)
        member = room.enter(connection, connection.codec, identity.user)
        connection.receiver = PlainSession(node, connection, identity, room, member)
        for entry in start.entries:
            # A deleted message has no frame.
            if frame := connection.codec.frame(room.log.room, entry):
                connection.write(frame)
        room.fanout.add(member, start.epoch, start.cursor)
