"""Start the broker, and wait for it if it is unreachable.

While a node waits, it is live but not ready. It rejects connections, and clients reconnect later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from brokers.errors import BrokerError, Unavailable
from service.runtime.backoff import Backoff
from service.runtime.tasks import Tasks

# Seconds between attempts.
_FIRST_WAIT: Final = 0.2
_LONGEST_WAIT: Final = 5.0

_log: Final = logging.getLogger(__name__)


class BrokerStart:
    """Calls `start` until it succeeds.

    Attributes:
        waiting: why the broker is not started yet; empty if it is.
        done: is done when it is started, or with the error that ended the attempts.
    """

    def __init__(self, start: Callable[[], Awaitable[None]], tasks: Tasks, limit: float) -> None:
        """Prepare; `limit` is how long it may be waited for the broker, in seconds."""
        self._start = start
        self._tasks = tasks
        self._limit = limit
        self.waiting = "it has not been started"
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def begin(self) -> None:
        """Make the first attempt; if the broker is unreachable, leave the others to a task.

        Raises:
            Unavailable: it is unreachable, and it is not to be waited for.
            BrokerError: it can't serve.
        """
        try:
            await self._attempt()
        except Unavailable as error:
            if not self._limit:
                raise
            self._note(error)
            self._tasks.start(self._keep_trying(), name="start of the broker")

    async def _attempt(self) -> None:
        await self._start()
        self.waiting = ""
        self.done.set_result(None)

    async def _keep_trying(self) -> None:
        deadline = asyncio.get_running_loop().time() + self._limit
        backoff = Backoff(_FIRST_WAIT, _LONGEST_WAIT)
        while True:
            await asyncio.sleep(min(backoff.next(), max(0.0, deadline - asyncio.get_running_loop().time())))
            try:
                return await self._attempt()
            except BrokerError as error:
                if not isinstance(error, Unavailable) or asyncio.get_running_loop().time() >= deadline:
                    self.done.set_exception(error)
                    self.done.exception()  # not every caller waits for it
                    return None
                self._note(error)

    def _note(self, error: Unavailable) -> None:
        """Log a reason, but not again and again."""
        if str(error) != self.waiting:
            _log.warning("waiting_for_broker", extra={"reason": str(error), "limit": self._limit})
        self.waiting = str(error)
