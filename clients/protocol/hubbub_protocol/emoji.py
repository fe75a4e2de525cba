"""Check what users react with (specification, CG5)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_CODE_POINTS: Final = 16

_SHORT_CODE: Final = re.compile(r":[a-z0-9_+-]{1,30}:")
# Regional indicators, whose pairs are flags, and keycaps such as 1 U+FE0F U+20E3.
_FLAG: Final = "[\U0001f1e6-\U0001f1ff]{2}"
_KEYCAP: Final = "[0-9#*]\ufe0f?\u20e3"
# A picture, with U+FE0F or a skin tone, and tags, as in the flags of countries within countries.
_PICTURE: Final = "P[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007f]*"
_EMOJI: Final = re.compile(f"{_FLAG}|{_KEYCAP}|{_PICTURE}(?:\u200d{_PICTURE})*")
# Emoji that Unicode does not count among the other symbols.
_MORE_PICTURES: Final = frozenset("\u203c\u2049\u2139\u2194\u25fb\u25fc\u25fd\u25fe\u2934\u2935\u3030\u303d")


def emoji_fault(text: str) -> str | None:
    """Describe what is wrong with an emoji, as the end of a sentence; None if it is valid."""
    if _SHORT_CODE.fullmatch(text):
        return None
    if len(text) > MAX_CODE_POINTS:
        return f"has {len(text)} code points, {MAX_CODE_POINTS} are allowed"
    # The pattern writes P for a picture.
    if "P" in text or not _EMOJI.fullmatch("".join("P" if _is_picture(char) else char for char in text)):
        return "is neither one emoji nor a short code such as :tada:"
    return None


def _is_picture(char: str) -> bool:
    if "\U0001f1e6" <= char <= "\U0001f1ff" or "\U0001f3fb" <= char <= "\U0001f3ff":
        return False
    # The range has emoji of later versions of Unicode than Python's.
    is_emoji = "\U0001f000" <= char <= "\U0001faff"
    return is_emoji or char in _MORE_PICTURES or unicodedata.category(char) == "So"
