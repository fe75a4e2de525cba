"""The state of one connection of the `hubbub.v1` protocol, which the handlers of its commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import TypeAlias

from hubbub_protocol import Code, events
from service.cluster.signals import MovedMark
from service.identity.identity import Identity
from service.identity.send_limits import SendLimit
from service.node import Node
from service.rooms.member import Member
from service.rooms.room import Room
from service.sessions.errors import CommandError
from service.transport.connection import Connection
from service.wire.responses import event

# The part of a command that has to wait.
Deferred: TypeAlias = Callable[[], Coroutine[None, None, None]]


class Session:
    """One connection's state.

    Attributes:
        identity: the user, once `hello` was answered with `welcome`.
        members: the membership in each room.
        listener: whether its memberships are not in the lists of members (PR5).
        away: whether the user is away from this connection (PR6).
        in_flight: the number of publishes in flight.
        timers: the time limit of `hello`, and the expiry of the token.
    """

    __slots__ = (
        "_sends", "away", "connection", "identity", "in_flight", "listener", "members", "node", "timers",
    )  # fmt: skip

    def __init__(self, node: Node, connection: Connection) -> None:
        self.node = node
        self.connection = connection
        self.identity: Identity | None = None
        self.members: dict[str, Member] = {}
        self.listener = False
        self.away = False
        self.in_flight = 0
        self.timers: list[asyncio.TimerHandle] = []
        # Most connections never send.
        self._sends: SendLimit | None = None

    def require_identity(self) -> Identity:
        """Return the identity that `hello` established.

        Raises:
            CommandError: there was no hello yet.
        """
        if self.identity is None:
            raise CommandError(Code.HELLO_FIRST, "No `hello` yet: send `hello` first.")
        return self.identity

    def require_reader(self, room: str) -> Identity:
        """Return the identity, if it has read permission for a room.

        Raises:
            CommandError: it has not, or there was no hello yet.
        """
        identity = self.require_identity()
        if not identity.may_read(room):
            raise CommandError(Code.FORBIDDEN, "No read permission for this room.")
        return identity

    def take_send(self, identity: Identity, text: str) -> float:
        """Take a message of the user: return 0.0 if granted, otherwise the seconds until it would be."""
        if self._sends is None:
            self._sends = self.node.send_limits.find(identity, self.connection.address)
        return self._sends.take(text, monotonic())

    def require_room(self, name: str) -> Room:
        """Return a room that the session is a member of.

        Raises:
            CommandError: it is not a member, or has no read permission.
        """
        room = self.node.rooms.get(name) if name in self.members else None
        if room is None:
            # A session that has lost its read permission is not a member any more.
            self.require_reader(name)
            raise CommandError(Code.NOT_JOINED, "Not a member of this room: join it first.")
        return room

    def update_idle(self) -> None:
        """Record whether the node may close this connection for another one: that of a guest in no room."""
        idle = self.node.idle_guests
        if self.members or self.connection.closing or not (self.identity is None or self.identity.is_guest):
            idle.pop(self.connection, None)
        else:
            idle.setdefault(self.connection)

    def mark_moved(self, moved: MovedMark) -> None:
        """Report that a read mark of the user moved, on another connection (RD3)."""
        if self.node.archiving is not None:
            self.node.archiving.marks.moved_elsewhere(moved.user, moved.room, moved.epoch, moved.offset)
        if self.identity is not None and self.identity.may_read(moved.room):
            self.write_event(
                events.MarkMoved(
                    room=moved.room,
                    epoch=moved.epoch,
                    offset=moved.offset,
                    unread=moved.unread,
                    mentions=moved.mentions,
                )
            )

    def write_event(self, frame: events.Event) -> None:
        """Write an event."""
        self.connection.write(event(frame))

    def write_error(self, error: CommandError, command: int | None) -> None:
        """Write an error, and count it."""
        self.node.metrics.error_responses.add(error.code)
        self.write_event(error.event(command))

    def stop_timers(self) -> None:
        """Stop all timers of this session."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
