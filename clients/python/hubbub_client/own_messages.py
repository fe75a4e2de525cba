"""Own messages: what the application may send, and what has not arrived in the room yet."""

import re
from typing import Final

import msgspec

from hubbub_client.keys import new_key
from hubbub_client.sans_io.outbox import OutboxState

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
    progress: OutboxState
    code: str
