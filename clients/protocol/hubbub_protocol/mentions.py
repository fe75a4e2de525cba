"""Find what a text may mention: `@` and the name of a user (specification, SN11)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hubbub_protocol.names import MAX_USER_CHARACTERS

_TICKS = re.compile("`+")
# An address such as `ann@example.org` mentions no user.
_AT = re.compile(r"(?<![^\W_])@")


def candidates(text: str) -> Iterator[list[str]]:
    """Yield for each `@` of a text what may be the name after it, longest first; not inside of code."""
    for part in _outside_code(text):
        for found in _AT.finditer(part):
            names = _names(part[found.end() : found.end() + MAX_USER_CHARACTERS + 1])
            if names:
                yield names


def _names(rest: str) -> list[str]:
    """Return the beginnings of a text that do not end within a word."""
    ends = range(min(MAX_USER_CHARACTERS, len(rest)), 0, -1)
    return [
        rest[:end]
        for end in ends
        if not rest[end - 1].isspace() and not (end < len(rest) and rest[end].isalnum())
    ]


def _outside_code(text: str) -> Iterator[str]:
    """Yield the parts of a text outside of code: a run of backticks up to the next one of the same length."""
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(text)]
    closing: list[int | None] = []
    ahead: dict[int, int] = {}
    for index in range(len(runs) - 1, -1, -1):
        start, end = runs[index]
        closing.append(ahead.get(end - start))
        ahead[end - start] = index
    closing.reverse()
    begin = index = 0
    while index < len(runs):
        close = closing[index]
        if close is not None:
            yield text[begin : runs[index][0]]
            begin, index = runs[close][1], close
        index += 1
    yield text[begin:]
