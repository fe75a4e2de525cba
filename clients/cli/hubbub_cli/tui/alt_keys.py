"""Alt and a letter, a digit or Enter, which a terminal sends as ESC and the character.

Textual takes ESC and a digit for the letters that Option and a digit type on macOS (`¡` for 1), and ESC and
Enter for two keys. It reports ESC and a letter as `alt+a` only after a pause, so two of them in a row would
be typed as text.
"""

from string import ascii_lowercase
from typing import Final, NamedTuple, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

DIGITS: Final = "123456789"


class _AltKey(NamedTuple):
    """A key as the table has them."""

    value: str


def report_alt_keys() -> None:
    """Make Textual report `alt+1`, `alt+a` and `alt+enter` at once."""
    sequences = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    for character in DIGITS + ascii_lowercase:
        sequences[f"\x1b{character}"] = (_AltKey(f"alt+{character}"),)
    sequences["\x1b\r"] = (_AltKey("alt+enter"),)
