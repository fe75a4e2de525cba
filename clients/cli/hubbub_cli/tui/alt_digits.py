"""Alt and a digit, which a terminal sends as ESC and the digit.

Textual takes these for the letters that Option and a digit type on macOS (`¡` for 1), so a binding of `alt+1`
would work only in terminals with the Kitty keyboard protocol.
"""

from typing import Final, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

DIGITS: Final = "123456789"


def report_alt_digits() -> None:
    """Make Textual report `alt+1` to `alt+9`."""
    sequences = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    for digit in DIGITS:
        sequences.pop(f"\x1b{digit}", None)
