"""Attribute what a server refuses to the request that it refused.

The server reports a refusal without the request: `-ERR 'maximum subscriptions exceeded'` names nothing, and
nats-py reads the subject of a permissions violation in lower case. But a server handles what a connection
sends in order. So a PING follows each group of subscriptions: a refusal that arrives before its PONG belongs
to the first group whose PONG is still missing.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from typing_extensions import override

_PERMISSION: Final = re.compile(
    r"permissions violation for (publish|subscription) to \"(.*?)\"", re.IGNORECASE
)
_LIMIT: Final = "maximum subscriptions exceeded"


class Refusal(NamedTuple):
    """A refusal that the connection survives. `subject` is in lower case, and empty beyond a limit."""

    publish: bool
    subject: str
    reason: str


def read_refusal(text: str) -> Refusal | None:
    """Read an error of the server; None if it is no refusal of a single request."""
    if match := _PERMISSION.search(text):
        return Refusal(match[1].lower() == "publish", match[2].lower(), text)
    return Refusal(publish=False, subject="", reason=text) if _LIMIT in text.lower() else None


class Fence(asyncio.Future[bool]):
    """Ends a group of subscriptions, in place of nats-py's future for a PONG.

    A callback of a future would run too late: nats-py parses what follows the PONG first.
    """

    def __init__(self, passed: Callable[[], object], refused: Callable[[str], None]) -> None:
        super().__init__()
        self._passed = passed
        self.refused = refused

    @override
    def set_result(self, result: bool, /) -> None:
        self._passed()


class Fences:
    """The groups of subscriptions that the server has not handled yet, in order."""

    def __init__(self) -> None:
        self._due: deque[Fence] = deque()

    def expect(self, refused: Callable[[str], None]) -> Fence:
        """Add a group, which a PING follows; `refused` is called with each refusal of its subscriptions."""
        fence = Fence(self._due.popleft, refused)
        self._due.append(fence)
        return fence

    def refuse(self, reason: str) -> bool:
        """Attribute a refusal; return False if no group is due."""
        if self._due:
            self._due[0].refused(reason)
        return bool(self._due)
