"""The browsers of users that receive pushes: what is stored of each, and how many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic, time
from typing import Final, NamedTuple

import msgspec

from archive.subscriptions import PushSubscription, PushSubscriptions
from hubbub_protocol import Code
from service.identity.identity import Identity, RoomSet
from service.identity.rate_limit import ScopedRateLimit
from service.push.encryption import public_key
from service.push.endpoints import read_endpoint
from service.push.keys import decoded
from service.settings import Settings
from service.settings.tuning import Tuning

# Rooms of which one browser wants no pushes.
MOST_MUTED: Final = 200
_SECRET_BYTES: Final = 16


class PushRefused(Exception):
    """A subscription is refused. `code` and the message say why."""

    def __init__(self, code: Code, message: str, *, retry_after: float | None = None) -> None:
        self.code = code
        self.retry_after = retry_after
        super().__init__(message)


class WantedSubscription(NamedTuple):
    """A browser that wants pushes: its endpoint, its keys in base64url, and rooms without pushes."""

    endpoint: str
    p256dh: str
    auth: str
    muted: Sequence[str] = ()


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored of a browser: the name of its user, its keys, rooms without pushes, rooms to read.

    `reads` is None for a guest, whose rooms are in the settings.
    """

    name: str
    key: bytes
    secret: bytes
    muted: tuple[str, ...] = ()
    reads: RoomSet | None = None


class Subscriber(NamedTuple):
    """A browser that receives pushes."""

    user: str
    endpoint: str
    details: Details


_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(Details)


class Subscribers:
    """Stores and finds the browsers of users."""

    def __init__(self, store: PushSubscriptions, settings: Settings, tuning: Tuning) -> None:
        self._store = store
        self._settings = settings
        self._changes = ScopedRateLimit(tuning.push_changes_rate, tuning.push_changes_burst)
        self._additions = ScopedRateLimit(tuning.push_additions_rate, tuning.push_changes_burst)
        self._guests_read = RoomSet.of(settings.guests_may_read)

    async def add(self, identity: Identity, address: str, wanted: WantedSubscription) -> float:
        """Store a browser of a user at an address; return for how many seconds it receives pushes.

        Raises:
            PushRefused: it is not valid, or there are too many.
            ArchiveError: it can't be stored now.
        """
        scope = identity.limited_as(address)
        _take(self._changes, scope)
        details = self._checked(identity, wanted)
        known = await self._store.of([identity.id], since=0)
        if wanted.endpoint not in {each.endpoint for each in known}:
            _take(self._additions, scope)
        now = int(time() * 1000)
        is_stored = await self._store.add(
            PushSubscription(identity.id, wanted.endpoint, _encoder.encode(details), now),
            most_per_user=self._settings.push_per_user,
            most=self._settings.push_subscriptions,
            since=self._since(now),
        )
        if not is_stored:
            raise PushRefused(
                Code.UNAVAILABLE,
                "The server keeps as many push subscriptions as it may: its operator can raise "
                "HUBBUB_PUSH_SUBSCRIPTIONS.",
            )
        return self._settings.push_seconds

    async def remove(self, user: str, endpoint: str) -> None:
        """Remove a browser of a user. Raises `ArchiveError`."""
        await self._store.remove(user, endpoint)

    async def forget(self, user: str) -> None:
        """Remove all browsers of a user. Raises `ArchiveError`."""
        await self._store.forget(user)

    async def of(self, users: Iterable[str], room: str) -> list[Subscriber]:
        """Find the browsers of users that want pushes of a room, and may read it. Raises `ArchiveError`."""
        stored = await self._store.of(users, since=self._since(int(time() * 1000)))
        found = (Subscriber(each.user, each.endpoint, _decoder.decode(each.details)) for each in stored)
        return [each for each in found if self._is_wanted(each.details, room)]

    def _is_wanted(self, details: Details, room: str) -> bool:
        reads = self._guests_read if details.reads is None else details.reads
        accepts = self._settings.takes_guests if details.reads is None else self._settings.takes_tokens
        return accepts and room in reads and room not in details.muted

    def _since(self, now: int) -> int:
        return now - int(self._settings.push_seconds * 1000)

    def _checked(self, identity: Identity, wanted: WantedSubscription) -> Details:
        if identity.kind == "bot":
            raise PushRefused(Code.FORBIDDEN, "A program has no browser: send the token of a user.")
        try:
            read_endpoint(wanted.endpoint, self._settings.push_hosts)
        except ValueError as error:
            raise PushRefused(Code.INVALID, f"Invalid `endpoint`: {error}.") from error
        try:
            key, secret = decoded(wanted.p256dh), decoded(wanted.auth)
            public_key(key)
        except ValueError as error:
            raise PushRefused(Code.INVALID, "Invalid `p256dh` or `auth`: not a key in base64url.") from error
        if len(secret) != _SECRET_BYTES:
            raise PushRefused(Code.INVALID, f"Invalid `auth`: it has {len(secret)} bytes, 16 are allowed.")
        reads = None if identity.is_guest else identity.reads
        return Details(identity.user, key, secret, tuple(wanted.muted), reads)


def _take(limit: ScopedRateLimit, scope: str) -> None:
    wait = limit.take(scope, monotonic())
    if wait:
        raise PushRefused(
            Code.RATE_LIMITED,
            f"Too many changes of push subscriptions: retry after {wait:.0f} s.",
            retry_after=wait,
        )
