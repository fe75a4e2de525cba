"""The names of users with tokens: they stay theirs for as long as history is kept, also while they are away.

A name is claimed in a control room (`service/runtime/control_room.py`). The first claim counts, until it
is older than what is kept. A claim is repeated when its user connects and it is half as old, or may soon be
trimmed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from time import time
from typing import Final

import msgspec

from brokers.base import Broker, Entry
from service.identity.look_alikes import look_alike_key
from service.runtime.control_room import ControlRoom
from service.runtime.tasks import Tasks

# Names that a node knows; beyond it the one claimed longest ago is forgotten.
MAX_NAMES: Final = 100_000
# Names that are kept for one user, so that no user takes all of them.
MAX_NAMES_PER_USER: Final = 5
# Claims in one entry: well below the size limit of a broker.
_CLAIMS_PER_ENTRY: Final = 200
_DIGEST_CHARACTERS: Final = 22


class Claim(msgspec.Struct, frozen=True, array_like=True):
    """A name of a user; `owner` is a digest of the id. `at` is in seconds since 1970."""

    name: str
    owner: str
    at: int


class _Stored(msgspec.Struct, frozen=True):
    """The payload of an entry. `at`, in ms since 1970, is when it was stored, as in a message."""

    at: int
    names: list[Claim]


class _Known(msgspec.Struct, frozen=True):
    claim: Claim
    offset: int


class KeptNames:
    """The claims that a node knows: a plain object, without a loop or a broker.

    Args:
        seconds: how long history is kept; 0 for ever.
        entries: how many entries of a room are kept; 0 for all.
        most: names that are known.
        most_per_user: names that are kept for one user.
    """

    def __init__(
        self,
        *,
        seconds: float = 0,
        entries: int = 0,
        most: int = MAX_NAMES,
        most_per_user: int = MAX_NAMES_PER_USER,
        clock: Callable[[], float] = time,
    ) -> None:
        self._most = most
        self._most_per_user = most_per_user
        self._seconds = seconds
        self._entries = entries
        self._clock = clock
        # By the key of names that look alike, the one claimed longest ago first.
        self._known: dict[str, _Known] = {}
        self._per_owner: Counter[str] = Counter()
        self._unstored: dict[str, Claim] = {}
        self._head = 0

    def __len__(self) -> int:
        return len(self._known)

    def has(self, key: str) -> bool:
        """Return whether a user with a token has a name that looks like this one."""
        return self._owner(key) is not None

    def claim(self, name: str, user_id: str, candidates: Callable[[str], Iterator[str]]) -> str:
        """Return the name by which a user is shown: `name`, or the first of `candidates` that is free.

        The name is claimed for the user from now on.
        """
        owner = _owner_of(user_id)
        key = look_alike_key(name)
        if self._owner(key) not in {None, owner}:
            name = next(
                each for each in candidates(name) if self._owner(look_alike_key(each)) in {None, owner}
            )
            key = look_alike_key(name)
        if self._must_store(key, owner):
            self._unstored[key] = Claim(name, owner, int(self._clock()))
        return name

    def unstored(self) -> list[Claim]:
        """Return claims that are to be stored in one entry."""
        return list(islice(self._unstored.values(), _CLAIMS_PER_ENTRY))

    def stored(self, claims: list[Claim]) -> None:
        """Take note that claims are stored. They count when their entry is read."""
        for claim in claims:
            self._unstored.pop(look_alike_key(claim.name), None)

    def apply(self, offset: int, claims: list[Claim]) -> None:
        """Apply the claims of an entry, unless another user has the name."""
        self._head = offset
        for claim in claims:
            key = look_alike_key(claim.name)
            known = self._known.get(key)
            if known is None or known.claim.owner == claim.owner or self._is_over(known.claim, claim.at):
                if known is not None:
                    self._forget(key)
                self._known[key] = _Known(claim, offset)
                self._per_owner[claim.owner] += 1
        while self._known and (len(self._known) > self._most or self._is_over(self._oldest(), self._clock())):
            self._forget(next(iter(self._known)))

    def _oldest(self) -> Claim:
        return next(iter(self._known.values())).claim

    def _forget(self, key: str) -> None:
        owner = self._known.pop(key).claim.owner
        self._per_owner[owner] -= 1
        if not self._per_owner[owner]:
            del self._per_owner[owner]

    def _owner(self, key: str) -> str | None:
        known = self._known.get(key)
        if known is not None and not self._is_over(known.claim, self._clock()):
            return known.claim.owner
        unstored = self._unstored.get(key)
        return None if unstored is None else unstored.owner

    def _is_over(self, claim: Claim, now: float) -> bool:
        return bool(self._seconds) and claim.at + self._seconds < now

    def _must_store(self, key: str, owner: str) -> bool:
        known = self._known.get(key)
        if known is None:
            has_room = (
                len(self._unstored) < self._most and self._per_owner.get(owner, 0) < self._most_per_user
            )
            return has_room and key not in self._unstored
        is_old = bool(self._seconds) and known.claim.at + self._seconds / 2 < self._clock()
        return is_old or (bool(self._entries) and known.offset + self._entries / 2 < self._head)


class NameKeeper:
    """Stores the claims of a node, and reads those of all nodes."""

    def __init__(self, broker: Broker, names: KeptNames) -> None:
        self.names = names
        self._room = ControlRoom("names", broker, self._apply)
        self._decoder = msgspec.json.Decoder(_Stored)

    async def read(self) -> None:
        """Read the claims that were stored since the last call. Raises `BrokerError`."""
        await self._room.read()

    async def store(self) -> None:
        """Store the new claims of this node. Raises `BrokerError`."""
        while claims := self.names.unstored():
            await self._room.publish(msgspec.json.encode(_Stored(int(time() * 1000), claims)))
            self.names.stored(claims)
            # In order: until it is read, another node's claim may be the first.
            await self._room.read()

    def follow(self, tasks: Tasks, interval: float) -> None:
        """Store and read after each interval (seconds), until `close`."""
        self._room.follow(tasks, interval, self.store)

    def close(self) -> None:
        """Stop."""
        self._room.close()

    def _apply(self, entry: Entry) -> None:
        try:
            stored = self._decoder.decode(entry.payload)
        except msgspec.DecodeError:
            # An entry of a newer version.
            return
        self.names.apply(entry.offset, stored.names)


def _owner_of(user_id: str) -> str:
    """Return a digest of an id, which other nodes and backups need not know."""
    return hashlib.sha256(user_id.encode()).hexdigest()[:_DIGEST_CHARACTERS]
