"""Names for guests who ask for none, and for users whose name is in use."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from itertools import chain
from typing import Final

from hubbub_protocol.names import MAX_USER_CHARACTERS

_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aeiou"
# Numbers that are tried in order; after them random ones, so that a suggestion is fast among many equal
# names.
_SEQUENTIAL_NUMBERS: Final = 100
_MAX_RANDOM_NUMBER: Final = 1_000_000


def guest_names() -> Iterator[str]:
    """Generate names, with more syllables as the shorter names prove to be in use."""
    syllables = 2
    while True:
        for _ in range(4):
            yield "guest-" + "".join(_syllable() for _ in range(syllables))
        syllables = min(syllables + 1, 12)


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)


def numbered_names(name: str) -> Iterator[str]:
    """Generate names that begin with another one and end with a number."""
    random_numbers = (secrets.randbelow(_MAX_RANDOM_NUMBER) for _ in iter(int, 1))
    return (_numbered(name, number) for number in chain(range(2, _SEQUENTIAL_NUMBERS), random_numbers))


def _numbered(name: str, number: int) -> str:
    digits = str(number)
    return name[: MAX_USER_CHARACTERS - len(digits)] + digits
