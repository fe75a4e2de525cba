"""Numbers in the query of a URL."""

from __future__ import annotations

from typing import Final

# A number of so many digits is exact everywhere, also as a double in a broker's scripts.
_MAX_DIGITS: Final = 15


def parse_whole_number(text: str, most: int | None = None) -> int | None:
    """Parse a whole number, 0 or more; None if the text is anything else, or the number is above `most`."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    number = int(text)
    return number if most is None or number <= most else None
