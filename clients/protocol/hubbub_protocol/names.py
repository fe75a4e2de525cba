"""Validate and compare the names of rooms and users (specification §2)."""

from __future__ import annotations

import re
import unicodedata

MAX_ROOM_BYTES = 200
MAX_USER_CHARACTERS = 32
MAX_FILE_CHARACTERS = 150

# Cc control, Cf format (bidirectional controls are among them), Cs surrogate, Zl and Zp line ends.
_REJECTED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# What a reader can't recognise in the name of a user.
_UNUSABLE = {"Co": "a private-use character", "Cn": "an unassigned character"}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Invisible, but not in category Cf: Unicode's Default_Ignorable_Code_Point (fillers, variation selectors,
# and those reserved for more of them) and the Braille pattern without dots.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)

_ROOM_TOO_LONG = f"is longer than {MAX_ROOM_BYTES} bytes"


def _fault(name: str) -> str | None:
    if not name:
        return "is empty"
    if name != name.strip():
        return "starts or ends with white space"
    if name.isascii() and name.isprintable():
        return None
    control = next(
        (char for char in name if char in _BIDI or unicodedata.category(char) in _REJECTED_CATEGORIES), None
    )
    if control is not None:
        return f"contains a control character (U+{ord(control):04X})"
    if not visible(name):
        return "has no visible character"
    return None


def visible(name: str) -> str:
    """Remove invisible characters. Names may contain them, as emoji do; they do not distinguish names."""
    return "".join(char for char in _BLANK.sub("", name) if unicodedata.category(char) != "Cf").strip()


def is_blank(text: str) -> bool:
    """Return whether a text has no visible character."""
    # The first one decides mostly. A long text has few different ones that are invisible.
    return all(map(_is_blank, text[:1])) and all(map(_is_blank, set(text)))


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Cf", "Cc"} or _BLANK.match(char) is not None


def room_fault(name: str) -> str | None:
    """Describe what is wrong with a room name, as the end of a sentence; None if it is valid."""
    # First, because all other checks look at each character.
    if len(name) > MAX_ROOM_BYTES:
        return _ROOM_TOO_LONG
    fault = _fault(name)
    if fault is None and "\ufffd" in name:
        return "contains a replacement character (U+FFFD): it was not UTF-8"
    if fault is None and not unicodedata.is_normalized("NFC", name):
        return "is not in Unicode's normal form C"
    if fault is None and len(name.encode()) > MAX_ROOM_BYTES:
        return _ROOM_TOO_LONG
    return fault


def user_fault(name: str) -> str | None:
    """Describe what is wrong with a user name, as the end of a sentence; None if it is valid."""
    if len(name) > MAX_USER_CHARACTERS:
        return f"is longer than {MAX_USER_CHARACTERS} characters"
    fault = _fault(name)
    unusable = (
        None
        if name.isascii()
        else next((char for char in name if unicodedata.category(char) in _UNUSABLE), None)
    )
    if fault is None and unusable is not None:
        return f"contains {_UNUSABLE[unicodedata.category(unusable)]} (U+{ord(unusable):04X})"
    return fault


def file_fault(name: str) -> str | None:
    """Describe what is wrong with the name of a file, as the end of a sentence; None if it is valid."""
    fault = _fault(name)
    separator = next((char for char in "/\\" if char in name), None)
    if fault is None and separator is not None:
        return f"contains a {separator}"
    if fault is None and name in {".", ".."}:
        return "is a folder's"
    if fault is None and len(name) > MAX_FILE_CHARACTERS:
        return f"is longer than {MAX_FILE_CHARACTERS} characters"
    return fault


def fold_user(name: str) -> str:
    """Return the form in which two names are compared: `Ann` and `ann` are one user (specification §2)."""
    if name.isascii():
        return name.casefold()
    return unicodedata.normalize("NFKC", visible(name)).casefold()
