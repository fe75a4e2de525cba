"""Sanitize text of other users for a terminal.

A terminal executes control characters, and bidirectional controls change how a line reads. All text from a
server passes through this module before it is shown.
"""

import re
from typing import Final

# C0 and C1 controls, line ends, bidirectional controls, and surrogates, which cannot be encoded.
_BEYOND_C0: Final = "\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROLS: Final = re.compile(f"[\x00-\x1f{_BEYOND_C0}]")
_NEWLINES: Final = re.compile("\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
# JSON escapes the C0 controls already, but not these.
_UNESCAPED: Final = re.compile(f"[{_BEYOND_C0}]")


def sanitize(text: str) -> str:
    """Return the text in one line, without control characters."""
    return _CONTROLS.sub("", _NEWLINES.sub(" ", text).replace("\t", " "))


def sanitize_lines(text: str) -> list[str]:
    """Return the lines of the text, at least one, without control characters; tabs become spaces."""
    return [_CONTROLS.sub("", line.expandtabs(4)) for line in _NEWLINES.split(text)]


def escape(json: str) -> str:
    """Escape the control characters that JSON does not escape; the value stays the same."""
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json)
