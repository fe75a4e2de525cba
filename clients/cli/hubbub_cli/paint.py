"""Colours for lines of text: the sixteen of the terminal, which fit its background."""

import unicodedata
from typing import Final
from zlib import crc32

from msgspec import Struct

_RESET: Final = "\x1b[0m"
_DIM: Final = "2"
_BOLD: Final = "1"
_RED: Final = "31"
_GREEN: Final = "32"
_YELLOW: Final = "33"
# Without black and white, which are invisible on some backgrounds, and without red, which marks errors.
_NICKS: Final = ("32", "33", "34", "35", "36", "92", "94", "95", "96")


class Paint(Struct, frozen=True):
    """Wraps text in colours if they are enabled."""

    on: bool

    def dim(self, text: str) -> str:
        return self._wrap(text, _DIM)

    def good(self, text: str) -> str:
        return self._wrap(text, _GREEN)

    def warn(self, text: str) -> str:
        return self._wrap(text, _YELLOW)

    def bad(self, text: str) -> str:
        return self._wrap(text, _RED)

    def nick(self, name: str) -> str:
        return self._wrap(name, f"{_BOLD};{_NICKS[shade(name, len(_NICKS))]}")

    def _wrap(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}{_RESET}" if self.on and text else text


def shade(name: str, shades: int) -> int:
    """Return the colour number of a name, independent of its capitalisation."""
    return crc32(unicodedata.normalize("NFKC", name).casefold().encode()) % shades
