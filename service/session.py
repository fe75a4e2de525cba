"""What one connection of the `hubbub.v1` protocol is and may do: what the handlers of its commands share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeAlias

from hubbub_protocol import events
from service.answers import event
from service.auth import Identity
from service.connection import Connection
from service.limits import TokenBucket
from service.member import Member
from service.node import Node
from service.refusals import Refused

# What a command has to wait for.
Later: TypeAlias = Callable[[], Coroutine[None, None, None]]


class Session:
    """One connection's state.

    Attributes:
        identity: who it speaks for, once it was welcomed.
        members: its membership in each room.
        sending: publishes under way.
        sends: what is left of its rate.
        timers: what is to happen to it: no hello in time, a token that expires.
    """

    __slots__ = ("connection", "identity", "members", "node", "sending", "sends", "timers")

    def __init__(self, node: Node, connection: Connection) -> None:
        self.node = node
        self.connection = connection
        self.identity: Identity | None = None
        self.members: dict[str, Member] = {}
        self.sending = 0
        self.sends = TokenBucket(node.settings.sends_per_second, node.settings.sends_burst)
        self.timers: list[asyncio.TimerHandle] = []

    def answer(self, frame: events.Event) -> None:
        """Write an event."""
        self.connection.write(event(frame))

    def refuse(self, refused: Refused, command: int | None) -> None:
        """Write an error, and count it."""
        self.node.metrics.refused.add(refused.code)
        self.answer(refused.event(command))

    def stop_timers(self) -> None:
        """Stop all timers of this session."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
