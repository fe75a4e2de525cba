"""Idempotency keys of messages: new ones, and those of a message that follows from another one."""

import hashlib
import secrets
import time
from collections.abc import Callable

from hubbub_client.events import Message

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 26
_RANDOM_BITS = 80


def new_key(
    clock: Callable[[], float] = time.time, random_bits: Callable[[int], int] = secrets.randbits
) -> str:
    """Create a ULID: 48 bits of milliseconds since 1970 and 80 random bits, in Crockford's base 32."""
    number = int(clock() * 1000) << _RANDOM_BITS | random_bits(_RANDOM_BITS)
    places = range(5 * (_CHARACTERS - 1), -1, -5)
    return "".join(_ALPHABET[number >> place & 31] for place in places)


def derived_key(message: Message, purpose: str) -> str:
    """Return the key of a message that follows from another one, for a purpose: always the same.

    A bot that answers a message again after a crash, or a bridge that carries it again, sends it once.
    """
    at = message.position
    source = f"{message.room}\n{at.epoch}\n{at.offset}\n{purpose}"
    return hashlib.blake2b(source.encode(), digest_size=20).hexdigest()
