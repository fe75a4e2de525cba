"""Match replies with requests. All requests have the same time limit, so one timer serves all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import NamedTuple, TypeVar

from nats.aio.msg import Msg

from brokers.errors import BrokerError, Unavailable

T = TypeVar("T")


class _Request(NamedTuple):
    take: Callable[[Msg], bool]
    fail: Callable[[BaseException], None]
    subject: str


class ReplyInbox:
    """The pending requests of one connection, each with a token."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._requests: dict[str, _Request] = {}
        self._deadlines: deque[tuple[float, str]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._tokens = count(1)
        # Called when a request was not answered in time.
        self.expired: Callable[[], None] = lambda: None

    def __len__(self) -> int:
        return len(self._requests)

    def expect(self, take: Callable[[Msg], T | None], subject: str = "") -> tuple[str, asyncio.Future[T]]:
        """Register a request: `take` converts each reply for its token into the result.

        If `take` returns None, more replies will follow. If it raises, the future raises the same. `subject`
        is the one that the request is published to, for `refuse`.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def confirm_subscriptions(message: Msg) -> bool:
            result = take(message)
            if result is not None and not future.done():
                future.set_result(result)
            return result is not None

        def fail(error: BaseException) -> None:
            if not future.done():
                future.set_exception(error)

        token = str(next(self._tokens))
        self._requests[token] = _Request(confirm_subscriptions, fail, subject)
        self._deadlines.append((self._loop.time() + self._timeout, token))
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadlines[0][0], self._expire)
        return token, future

    def take(self, token: str, message: Msg) -> None:
        """Pass a reply to the request with the token, if it is still pending."""
        call = self._requests.get(token)
        if call is None:
            return
        try:
            if not call.take(message):
                return
        except (BrokerError, ValueError, KeyError) as error:
            known = isinstance(error, BrokerError)
            call.fail(error if known else Unavailable(f"NATS sent a reply in an unknown format: {error!r}"))
        self._requests.pop(token, None)  # `take` may have ended all requests

    def fail(self, token: str, error: BaseException) -> None:
        """Fail one request, if it is still pending."""
        if call := self._requests.pop(token, None):
            call.fail(error)

    def refuse(self, subject: str, error: BaseException) -> None:
        """Fail the pending requests to a subject in lower case: the server will not answer it."""
        refused = [token for token, call in self._requests.items() if call.subject.lower() == subject]
        for token in refused:
            self.fail(token, error)

    def end(self, error: BaseException) -> None:
        """Fail all pending requests."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        calls = list(self._requests.values())
        self._requests.clear()
        self._deadlines.clear()
        for call in calls:
            call.fail(error)

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._deadlines and (
            self._deadlines[0][0] <= now or self._deadlines[0][1] not in self._requests
        ):
            call = self._requests.pop(self._deadlines.popleft()[1], None)
            if call is not None:
                call.fail(Unavailable(f"NATS did not answer within {self._timeout:g} s"))
                self.expired()
        if self._deadlines:
            self._timer = self._loop.call_at(self._deadlines[0][0], self._expire)
