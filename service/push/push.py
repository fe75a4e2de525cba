"""Pushes: what is sent to the browsers of users who are not here, off the path of messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Final, NamedTuple, TypeAlias

from archive.base import Archive
from archive.errors import ArchiveError
from service.identity.rate_limit import ScopedRateLimit
from service.push.endpoints import PushEndpoint, read_endpoint
from service.push.keys import PushKey
from service.push.notification import Notification, headers_of, sealed
from service.push.services import Answer, PushServices, Unreachable
from service.push.subscribers import Subscriber, Subscribers
from service.runtime.metrics import LabelledCounter
from service.runtime.process import USAGE, CannotStart
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import Tuning

# Finds the users whom a message addresses.
FindUsers: TypeAlias = Callable[[], Coroutine[None, None, Collection[str]]]
# Returns whether a user, with the name of its browser, is to receive no pushes now.
IsExcluded: TypeAlias = Callable[[str, str], bool]

_log: Final = logging.getLogger(__name__)


class BadPushKey(CannotStart):
    """HUBBUB_PUSH_PRIVATE_KEY is not a private key."""

    exit_code = USAGE


class _Attempt(NamedTuple):
    """How a post went: what is counted, and whether a later one may succeed."""

    result: str
    retry: bool = False
    retry_after: float | None = None


class Push:
    """Notifies users of messages.

    Attributes:
        key: the key of this server.
        subscribers: the browsers of users.
        waiting: messages whose users are being notified.
    """

    def __init__(
        self,
        key: PushKey,
        subscribers: Subscribers,
        settings: Settings,
        *,
        tuning: Tuning,
        results: LabelledCounter,
    ) -> None:
        self.key = key
        self.subscribers = subscribers
        self.waiting = 0
        self._hosts = settings.push_hosts
        self._tuning = tuning
        self._results = results
        self._limit = ScopedRateLimit(tuning.push_rate, tuning.push_burst)
        self._services = PushServices(tuning.push_threads, private=tuning.push_private)
        self._threads = ThreadPoolExecutor(tuning.push_threads, thread_name_prefix="push")

    def notify(self, tasks: Tasks, notification: Notification, find: FindUsers, excluded: IsExcluded) -> None:
        """Notify the users that `find` returns, unless they are excluded; drop it if too many wait."""
        if self.waiting >= self._tuning.push_waiting:
            self._results.add("dropped")
            return
        self.waiting += 1
        tasks.start(self._notify(notification, find, excluded), name="push")

    def close(self) -> None:
        """Drop what was not sent yet."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._services.close()

    async def _notify(self, notification: Notification, find: FindUsers, excluded: IsExcluded) -> None:
        try:
            users = await find()
            found = await self.subscribers.of(users, notification.room) if users else []
            wanted = [each for each in found if not excluded(each.user, each.details.name)]
            await asyncio.gather(*(self._push(each, notification) for each in wanted))
        except ArchiveError as error:
            self._results.add("failed")
            _log.warning("archive_not_read", extra={"room": notification.room, "reason": str(error)})
        finally:
            self.waiting -= 1

    async def _push(self, subscriber: Subscriber, notification: Notification) -> None:
        """Send to one browser; never raises."""
        try:
            endpoint = read_endpoint(subscriber.endpoint, self._hosts)
        except ValueError:
            # The setting has changed since.
            self._results.add("refused")
            return
        if self._limit.take(subscriber.endpoint, monotonic()):
            self._results.add("limited")
            return
        result = await self._try(endpoint, subscriber, notification)
        self._results.add(result)
        if result == "gone":
            await self._remove(subscriber)

    async def _try(self, endpoint: PushEndpoint, subscriber: Subscriber, notification: Notification) -> str:
        """Send, and try again some times; return what is counted."""
        wait, tries_left = self._tuning.push_first_wait, self._tuning.push_tries - 1
        while True:
            attempt = await self._attempt(endpoint, subscriber, notification)
            if not (attempt.retry and tries_left):
                return attempt.result
            asked = wait if attempt.retry_after is None else attempt.retry_after
            await asyncio.sleep(min(asked, self._tuning.push_longest_wait))
            wait, tries_left = 2 * wait, tries_left - 1

    async def _attempt(
        self, endpoint: PushEndpoint, subscriber: Subscriber, notification: Notification
    ) -> _Attempt:
        send = partial(self._send, endpoint, subscriber, notification)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, send)
        except Unreachable as error:
            _log.warning("push_failed", extra={"host": endpoint.host, "reason": str(error)})
            return _Attempt("failed", retry=True)
        return _judged(answer, endpoint.host)

    def _send(self, endpoint: PushEndpoint, subscriber: Subscriber, notification: Notification) -> Answer:
        """Encrypt and post, in a thread."""
        headers = headers_of(notification, subscriber, ttl=self._tuning.push_ttl)
        headers["Authorization"] = self.key.authorization(endpoint.origin)
        return self._services.post(endpoint, headers, sealed(notification, subscriber))

    async def _remove(self, subscriber: Subscriber) -> None:
        try:
            await self.subscribers.remove(subscriber.user, subscriber.endpoint)
        except ArchiveError as error:
            # The next push finds it again.
            _log.warning("subscription_not_removed", extra={"reason": str(error)})

    def sample(self) -> Mapping[str, float]:
        """Read the gauges."""
        return {"pushes_waiting": self.waiting}


def _judged(answer: Answer, host: str) -> _Attempt:
    """Decide what the answer of a push service means (RFC 8030)."""
    status, retry_after = answer
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _Attempt("sent")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return _Attempt("gone")
    _log.warning("push_refused", extra={"host": host, "status": status})
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _Attempt("failed", retry=True, retry_after=retry_after)
    return _Attempt("refused")


def make_push(
    settings: Settings, tuning: Tuning, archive: Archive | None, results: LabelledCounter
) -> Push | None:
    """Make what notifies users; None without a key or an archive."""
    if archive is None or not settings.push_private_key:
        return None
    try:
        key = PushKey(settings.push_private_key, settings.push_subject)
    except ValueError as error:
        raise BadPushKey(
            "HUBBUB_PUSH_PRIVATE_KEY is not a private key: make one with `python -m service push-key`."
        ) from error
    return Push(
        key, Subscribers(archive.subscriptions, settings, tuning), settings, tuning=tuning, results=results
    )
