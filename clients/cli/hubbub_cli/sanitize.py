"""Text of other people, made harmless for a terminal.

A terminal obeys control characters, and bidirectional controls make a line read as something it isn't. So
everything that comes from a server passes through here before it's shown.
"""

import re
from typing import Final

# C0 and C1 controls, line ends, bidirectional controls, and the surrogates that no encoding can carry.
_BEYOND_C0: Final = "\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROLS: Final = re.compile(f"[\x00-\x1f{_BEYOND_C0}]")
_NEWLINES: Final = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
# JSON writes the C0 controls as escapes by itself; these it would let through.
_UNESCAPED: Final = re.compile(f"[{_BEYOND_C0}]")


def sanitize(text: str) -> str:
    """Give the text in one line, without anything that a terminal obeys."""
    return _CONTROLS.sub("", _NEWLINES.sub(" ", text).replace("\t", " "))


def sanitize_lines(text: str) -> list[str]:
    """Give the text's lines, at least one, without anything that a terminal obeys; tabs become spaces."""
    return [_CONTROLS.sub("", line.expandtabs(4)) for line in _NEWLINES.split(text)]


def escape(json: str) -> str:
    """Write what JSON would let through to the terminal as escapes: the same value, but inert."""
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
