"""Whether a message names the user."""

import re
from functools import lru_cache


@lru_cache(16)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)@?{re.escape(name)}(?!\w)", re.IGNORECASE)


def mentions(text: str, name: str) -> bool:
    """Return whether the text has the name as a word, with or without @."""
    return bool(name) and _pattern(name).search(text) is not None
