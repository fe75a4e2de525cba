"""Own messages and changes until they arrive in the room."""

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from hubbub_protocol.commands import Since
from hubbub_protocol.events import File
from hubbub_protocol.folding import ChangeKind


class OutboxState(StrEnum):
    """The state of an own message."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class OwnChange(msgspec.Struct, frozen=True):
    """A change of the message at a position. An edit has a text, a reaction an emoji."""

    change: ChangeKind
    target: Since
    text: str | None = None
    emoji: str | None = None


class OutboxEntry(msgspec.Struct):
    """An own message, or an own change. `at` is its position once stored.

    `seen` is where it was received before the reply, without a gap since; `written`, when it was first sent;
    `code`, why it failed, or why it waits to be sent again.
    """

    key: str
    text: str
    reply_to: Since | None = None
    files: tuple[File, ...] = ()
    change: OwnChange | None = None
    state: OutboxState = OutboxState.SENDING
    at: Since | None = None
    seen: Since | None = None
    written: int | None = None
    code: str = ""


class Outbox:
    """The own messages and changes of one room, in order, at most `bound` of them (TL6)."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._own: dict[str, OutboxEntry] = {}

    def __iter__(self) -> Iterator[OutboxEntry]:
        return iter(self._own.values())

    def __contains__(self, key: str) -> bool:
        return key in self._own

    @property
    def full(self) -> bool:
        return len(self._own) >= self._bound

    @property
    def next(self) -> OutboxEntry | None:
        """The next message to send."""
        return next((own for own in self if own.state is OutboxState.SENDING), None)

    @property
    def messages(self) -> Iterator[OutboxEntry]:
        """The own messages that the view shows after all others: those that were not received yet."""
        return (own for own in self if own.change is None and own.seen is None)

    def put(self, own: OutboxEntry) -> None:
        self._own[own.key] = own

    def acknowledge(self, key: str, at: Since) -> bool:
        """Settle by `sent`; True if it was not settled yet (TL8). It stays in the view for now (TL14)."""
        own = self._own.get(key)
        if own is None or own.state is OutboxState.SENT:
            return False
        own.state, own.at = OutboxState.SENT, at
        if own.seen == at:
            del self._own[key]
        return True

    def see(self, key: str, at: Since) -> None:
        """Note that its message was received, which replaces it in the view. `sent` settles it (TL8)."""
        own = self._own.get(key)
        if own is not None and own.state is OutboxState.SENDING:
            own.seen = at
        elif own is not None:
            del self._own[key]

    def unsee(self, kept: Since | None = None) -> list[tuple[str, int]]:
        """Forget which messages were received after `kept`; return their keys and offsets (TL8)."""
        lost: list[tuple[str, int]] = []
        for own in self:
            if own.seen is not None and not _is_up_to(own.seen, kept):
                lost.append((own.key, own.seen.offset))
                own.seen = None
        return lost

    def passed(self, position: Since) -> None:
        """Drop messages that are stored at or before the position of the room (TL14)."""
        self._drop(lambda at: _is_up_to(at, position))

    def moved(self, position: Since) -> None:
        """Drop messages of another epoch, or at or before the new position (TL14)."""
        self._drop(lambda at: at.epoch != position.epoch or at.offset <= position.offset)

    def _drop(self, gone: Callable[[Since], bool]) -> None:
        self._own = {own.key: own for own in self if own.at is None or not gone(own.at)}

    def refuse(self, key: str, code: str) -> bool:
        """Fail a message permanently, or drop it if the view has it; drop a change (TL8, TL11).

        Returns whether it was still to be sent.
        """
        own = self._own.get(key)
        if own is None or own.state is not OutboxState.SENDING:
            return False
        if own.change is not None or own.seen is not None:
            del self._own[key]
        own.state, own.code = OutboxState.FAILED, code
        return True

    def hold(self, key: str, code: str) -> None:
        """Note why a message waits to be sent again; empty: it no longer does (TL11)."""
        own = self._own.get(key)
        if own is not None and own.state is OutboxState.SENDING:
            own.code = code

    def resend(self, key: str) -> None:  # TL12
        if self._has_failed(key):
            own = self._own.pop(key)
            self.put(OutboxEntry(key, own.text, own.reply_to, own.files, written=own.written))

    def discard(self, key: str) -> bool:
        """Drop a failed message, or one that waits to be sent again; True if it waited (TL12)."""
        own = self._own.get(key)
        is_held = own is not None and own.state is OutboxState.SENDING and own.code != ""
        if is_held or self._has_failed(key):
            del self._own[key]
        return is_held

    def settle(self, key: str) -> None:
        """Settle a message by its message (TL8)."""
        del self._own[key]

    def _has_failed(self, key: str) -> bool:
        own = self._own.get(key)
        return own is not None and own.state is OutboxState.FAILED


def _is_up_to(at: Since, position: Since | None) -> bool:
    return position is not None and at.epoch == position.epoch and at.offset <= position.offset
