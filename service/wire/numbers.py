"""Numbers in the query of an address."""

from __future__ import annotations

from typing import Final

# A number with so few digits is exact everywhere, also in the doubles of a broker's scripts.
_MOST_DIGITS: Final = 15


def read_whole(text: str, most: int | None = None) -> int | None:
    """Parse a whole number from 0; None if the text is anything else, or the number is above `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    number = int(text)
    return number if most is None or number <= most else None
