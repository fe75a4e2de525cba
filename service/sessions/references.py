"""What a message refers to, found before it is stored: the users whom it mentions, and its thread."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from brokers.errors import BrokerError
from service.identity.identity import Identity
from service.node import Node
from service.rooms.room import Room
from service.rooms.threads import root_of
from service.sessions.mentions import Mentions
from service.wire.messages import stored_root


class Referred(NamedTuple):
    """The ids of the users whom a text mentions, and the root of its thread if that is not `reply_to`."""

    mentions: list[str] | None = None
    thread: int | None = None


NO_REFERENCES: Final = Referred()


class Text(Protocol):
    """A text that is to be stored, perhaps in reply to a message."""

    @property
    def text(self) -> str:
        """The text."""

    @property
    def reply_to(self) -> int | None:
        """The offset of the message that it replies to."""


class _Text(NamedTuple):
    text: str
    reply_to: int | None


class References:
    """Finds what one message refers to; in an open room often at once."""

    def __init__(self, node: Node, identity: Identity, room: str, opened: Room | None, given: Text) -> None:
        self._node = node
        self._room = room
        self._mentions = Mentions(node, identity, room, opened, given.text) if "@" in given.text else None
        self._target = given.reply_to
        self._thread: int | None = None
        target = opened.log.get(given.reply_to) if opened is not None and given.reply_to else None
        if target is not None:
            self._thread, self._target = stored_root(target.payload), None

    @property
    def must_wait(self) -> bool:
        """Whether the archive or the history has to be read."""
        return self._target is not None or (self._mentions is not None and self._mentions.must_wait)

    def found(self) -> Referred:
        """Return what is known at once."""
        return Referred(None if self._mentions is None else self._mentions.found(), self._thread)

    async def find(self) -> Referred:
        """Find the rest too. What can't be read now is not known."""
        if self._target is not None:
            try:
                self._thread = await root_of(self._node.broker, self._room, self._target)
            except BrokerError:
                # A client that has the message knows its thread.
                self._thread = None
        mentions = None if self._mentions is None else await self._mentions.find()
        return Referred(mentions, self._thread)


async def find_references(
    node: Node, identity: Identity, room: str, text: str, reply_to: int | None = None
) -> Referred:
    """Return what a message for a room refers to."""
    if "@" not in text and reply_to is None:
        return NO_REFERENCES
    given = _Text(text, reply_to)
    return await References(node, identity, room, node.rooms.ready(room), given).find()
