"""What exports of other services become: a room's chain of messages and reactions."""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

from archive.base import ArchivedEntry
from brokers.base import Entry
from hubbub_protocol.emoji import emoji_fault
from hubbub_protocol.folding import ChangeKind
from hubbub_protocol.names import MAX_ROOM_BYTES, MAX_USER_CHARACTERS, room_fault
from service.archiving.entries import archived
from service.transfer.errors import LineError
from service.wire.messages import ChangePayload, MessagePayload, encode_stored

_CONTROLS: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


class Person(NamedTuple):
    """Who wrote a message in the other service: the id there, the name, and the kind of user here."""

    id: str
    name: str
    kind: str


class ForeignRoom:
    """The entries of one room, made one after another."""

    def __init__(self, room: str, epoch: str) -> None:
        self.room = room
        self.epoch = epoch
        self._offset = 0

    def message(self, text: str, person: Person, at: int, reply_to: int | None = None) -> ArchivedEntry:
        """Make the next message."""
        key = self._key()
        return self._next(MessagePayload(key, *_of(person), text, at, reply_to), at)

    def reaction(self, emoji: str, person: Person, at: int, target: int) -> ArchivedEntry | None:
        """Make the next reaction; None if it is no emoji here."""
        if emoji_fault(emoji) is not None:
            return None
        key = self._key()
        return self._next(ChangePayload(ChangeKind.REACT, target, key, *_of(person), at, emoji=emoji), at)

    def _key(self) -> str:
        return f"{self.epoch}-{self._offset + 1}"

    def _next(self, payload: MessagePayload | ChangePayload, at: int) -> ArchivedEntry:
        prev, self._offset = self._offset, self._offset + 1
        entry = Entry(self.room, self.epoch, prev, self._offset, encode_stored(payload))
        return archived(entry, payload.key, at)


def room_name(name: str, number: int) -> str:
    """Return the name of a room here.

    Raises:
        LineError: it can't be one.
    """
    normal = unicodedata.normalize("NFC", name)
    fault = room_fault(normal)
    if fault is not None:
        raise LineError(number, f"the channel {name!r} can't be a room: its name {fault}.")
    return normal[:MAX_ROOM_BYTES]


def user_name(*candidates: str | None) -> str:
    """Return the first name that has a visible character, as a name can be here."""
    for name in candidates:
        shown = "".join(char for char in name or "" if unicodedata.category(char) not in _CONTROLS).strip()
        if shown:
            return shown[:MAX_USER_CHARACTERS].strip()
    return "unknown"


def _of(person: Person) -> tuple[str, str, str]:
    """Return name, id and kind, in the order of the payloads."""
    return person.name, person.id, person.kind
