"""Sequences that Textual does not know: Alt and another key, and reports of the terminal's background.

A terminal sends Alt and a letter, a digit or Enter as ESC and the character. Textual takes ESC and a digit
for the letters that Option and a digit type on macOS (`¡` for 1), and ESC and Enter for two keys. It reports
ESC and a letter as `alt+a` only after a pause, so two of them in a row would be typed as text. The reports
(mode 2031) would be typed as well.
"""

from string import ascii_lowercase
from typing import Final, NamedTuple, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

DIGITS: Final = "123456789"

# What a terminal sends when its background becomes dark or light, as names of keys.
BACKGROUNDS: Final = {"\x1b[?997;1n": "terminal_dark", "\x1b[?997;2n": "terminal_light"}


class _Key(NamedTuple):
    """A key as the table has them."""

    value: str


def report_alt_keys() -> None:
    """Make Textual report `alt+1`, `alt+a` and `alt+enter` at once, and changes of the background."""
    sequences = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    for character in DIGITS + ascii_lowercase:
        sequences[f"\x1b{character}"] = (_Key(f"alt+{character}"),)
    for report, name in BACKGROUNDS.items():
        sequences[report] = (_Key(name),)
    sequences["\x1b\r"] = (_Key("alt+enter"),)
