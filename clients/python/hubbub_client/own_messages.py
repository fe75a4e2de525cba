"""Own messages: what the application may send, and what has not arrived in the room yet."""

import re
from typing import Final

import msgspec

from hubbub_client.errors import HubbubError, SendFailed
from hubbub_client.events import Position, SendReceipt
from hubbub_client.keys import new_key
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.outbox import OutboxEntry, OutboxState
from hubbub_client.waiters import Waiters
from hubbub_protocol.events import File

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def checked_key(text: str, key: str | None) -> str:
    """Check what the application wants to send, at the call that has the mistake; return the key."""
    if not isinstance(text, str):
        raise TypeError(f"a message is a string, not {type(text).__name__}")
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError(f"invalid key {key!r}: use 1 to 64 characters of A-Z a-z 0-9 _ -")
    return key or new_key()


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An own message that has not arrived in the room yet. `code` is the reason if it failed."""

    key: str
    text: str
    files: tuple[File, ...] = ()
    progress: OutboxState
    code: str


def pending_of(own: OutboxEntry) -> Pending:
    """Translate an entry of the outbox."""
    return Pending(key=own.key, text=own.text, files=own.files, progress=own.state, code=own.code)


def first_or_again(
    first: inputs.SendRequested, own: OutboxEntry | None
) -> inputs.SendRequested | inputs.ResendRequested:
    """Return what sends a message: `first`, or again what failed with the same key."""
    failed = own is not None and own.state is OutboxState.FAILED
    return inputs.ResendRequested(first.room, first.key) if failed else first


class Receipts:
    """The calls that wait until an own message or change is stored, by its key."""

    def __init__(self) -> None:
        self._waits: dict[str, Waiters[SendReceipt]] = {}

    def of(self, key: str) -> Waiters[SendReceipt]:
        """Return the calls that wait for this key."""
        return self._waits.setdefault(key, Waiters())

    def settle(self, effect: effects.MessageStored | effects.MessageFailed) -> None:
        """Answer the calls that wait for the key of the effect."""
        waits = self._waits.pop(effect.key, None) or Waiters[SendReceipt]()
        if isinstance(effect, effects.MessageFailed):
            waits.fail(SendFailed(effect.key, effect.code, effect.message))
            return
        at = Position(epoch=effect.epoch, offset=effect.offset)
        waits.succeed(SendReceipt(key=effect.key, position=at, duplicate=effect.duplicate))

    def fail(self, error: HubbubError) -> None:
        """Fail all calls that wait."""
        for waits in self._waits.values():
            waits.fail(error)
