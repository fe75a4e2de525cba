"""Idempotency keys of messages: ULIDs, which sort by time and are unique."""

import secrets
import time
from collections.abc import Callable

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
