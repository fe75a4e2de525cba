"""Call the listeners of a hub: in one order, and never from within a call."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from brokers.base import Listener

Call: TypeAlias = Callable[[Listener], None]

logger: Final = logging.getLogger(__name__)


class Audience:
    """The listeners that receive a call: read when it is made, so a node that left since is spared."""

    __slots__ = ("listeners",)

    def __init__(self, listeners: tuple[Listener, ...] = ()) -> None:
        self.listeners = listeners


class Calls:
    """A queue of calls.

    A listener that publishes or emits during a call only adds to the queue, so every listener receives
    entries in order.
    """

    __slots__ = ("_calling", "_queue")

    def __init__(self) -> None:
        self._queue: deque[tuple[Audience, Call]] = deque()
        self._calling = False

    def make(self, audience: Audience, call: Call) -> None:
        """Make a call to each listener, after all calls that were made before."""
        if self._calling:
            self._queue.append((audience, call))
            return
        self._calling = True
        try:
            while True:
                for listener in audience.listeners:
                    try:
                        call(listener)
                    except Exception:
                        logger.exception("listener_failed")
                if not self._queue:
                    return
                audience, call = self._queue.popleft()
        finally:
            self._calling = False
