"""Names for guests who ask for none."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aeiou"


def guest_names() -> Iterator[str]:
    """Generate names, with more syllables as the shorter names prove to be in use."""
    syllables = 2
    while True:
        for _ in range(4):
            yield "guest-" + "".join(_syllable() for _ in range(syllables))
        syllables = min(syllables + 1, 12)


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)
