"""Recognise the errors by which Redis refuses all writes: it is full, read-only, or denies a permission."""

from __future__ import annotations

import re
from typing import Final

from redis.exceptions import NoPermissionError, OutOfMemoryError, ReadOnlyError

# redis-py takes the code off the messages of these.
_CODES: Final[dict[type[BaseException], str]] = {
    NoPermissionError: "NOPERM",
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
}
# In a script an error may follow its place, and Redis 6.2 words a missing permission without a code.
_REFUSAL: Final = re.compile(
    r"\b(?:OOM|MISCONF|NOREPLICAS|READONLY|NOPERM)\b.*"
    r"|\bACL failure in script\b.*"
    r"|\bThe user executing the script can't (?:run|access)\b.*",
    re.DOTALL,
)
_PLACE: Final = re.compile(r" script: \w+, on @.*", re.DOTALL)


def find_refusal(error: BaseException | str) -> str:
    """Return how Redis names its refusal of writes; empty if the error is another one."""
    code = _CODES.get(type(error), "") if isinstance(error, BaseException) else ""
    found = _REFUSAL.search(f"{code} {error}" if code else str(error))
    return _PLACE.sub("", found[0]).strip() if found else ""


def describe_refusal(refusal: str) -> str:
    """Put a refusal into a sentence."""
    return f"Redis refuses writes: {refusal}"
