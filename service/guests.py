"""The names in use on this node, and the secrets that prove them (specification CN3, CN4)."""

from __future__ import annotations

import hmac
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple, Protocol, TypeVar

from hubbub_protocol import Close
from hubbub_protocol.names import MAX_USER_CHARACTERS, fold_user, user_fault

T = TypeVar("T")

# 128 bits. A session that a client brings from another node must look like ours, or it gets a new one.
_SESSION_BYTES: Final = 16
_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{22}")

# Numbers to look through in order, before one is drawn by lot: a node full of `ann`s must stay quick.
_NUMBERS: Final = 100
_LOT: Final = 1_000_000

_CONSONANTS: Final = "bdfghjklmnprstvz"
_VOWELS: Final = "aeiou"


class Refusal(Exception):
    """A name that can't be had."""


class NameTaken(Refusal):
    """The name is in use here. `suggestion` is free."""

    def __init__(self, suggestion: str) -> None:
        self.suggestion = suggestion
        super().__init__(f"the name is in use; {suggestion} is free")


class InvalidName(Refusal):
    """The name is no user name."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"the name {fault}")


class Taken(NamedTuple):
    """A name that is held now, and the secret that proves it."""

    user: str
    session: str


class Closable(Protocol):
    """A guest's connection."""

    def close(self, code: Close, reason: str) -> None:
        """Close with a code that the client reads."""


@dataclass(slots=True)
class _Guest:
    name: str
    session: str
    # Those of the plain codec are all held as None.
    connections: Counter[Closable | None] = field(default_factory=Counter)


class Guests:
    """The names in use. A name may be held several times, by guests and by users with a token.

    Each `take` is matched by a `free`, each `hold` by a `release`.
    """

    __slots__ = ("_guests", "_reserved")

    def __init__(self) -> None:
        self._guests: dict[str, _Guest] = {}
        # How often somebody with a token holds a name. No session proves it meanwhile, or an expired token
        # could go on as a guest.
        self._reserved: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._guests.keys() | self._reserved.keys())

    def take(self, name: str | None, session: str | None = None, connection: Closable | None = None) -> Taken:
        """Take a name, or one that is made up, for a guest; the connection is closed when the name is lost.

        A session that is brought along goes on: it may be another node's, and other tabs have it too.

        Raises:
            InvalidName: it's no user name.
            NameTaken: somebody else has it.
        """
        if name is None:
            name = self._made_up()
        fault = user_fault(name)
        if fault:
            raise InvalidName(fault)
        folded, proof = fold_user(name), _proof(session)
        guest = self._guests.get(folded) or _Guest(name, proof)
        if folded in self._reserved or not hmac.compare_digest(guest.session, proof):
            raise NameTaken(self._suggestion(name))
        self._guests[folded] = guest
        guest.connections[connection] += 1
        # A guest's tabs show one name, though one asked for `Ann` and one for `ann`.
        return Taken(guest.name, proof)

    def free(self, user: str, connection: Closable | None = None) -> None:
        """Give a name back, once for each time it was taken."""
        folded = fold_user(user)
        guest = self._guests[folded]
        _subtract(guest.connections, connection)
        if not guest.connections:
            del self._guests[folded]

    def hold(self, user: str, session: str | None = None) -> Taken:
        """Hold the name of somebody with a token: always granted, guests that have it lose it (CN5)."""
        folded = fold_user(user)
        self._reserved[folded] += 1
        if folded in self._guests:
            # A copy: one whose socket is gone already gives the name back at once.
            for connection in list(self._guests[folded].connections):
                if connection is not None:
                    connection.close(Close.NAME_LOST, "the name is that of somebody with a token")
        return Taken(user, _proof(session))

    def release(self, user: str) -> None:
        """Give a name back, once for each time it was held; then it's for guests again."""
        _subtract(self._reserved, fold_user(user))

    def _is_free(self, name: str) -> bool:
        folded = fold_user(name)
        return folded not in self._guests and folded not in self._reserved

    def _suggestion(self, name: str) -> str:
        drawn = (secrets.randbelow(_LOT) for _ in iter(int, 1))
        candidates = (_numbered(name, number) for number in chain(range(2, _NUMBERS), drawn))
        return next(filter(self._is_free, candidates))

    def _made_up(self) -> str:
        return next(filter(self._is_free, _guest_names()))


def _proof(session: str | None) -> str:
    """Go on with a session that looks like ours, or make a new one."""
    return session if session and _SESSION.fullmatch(session) else secrets.token_urlsafe(_SESSION_BYTES)


def _subtract(counts: Counter[T], key: T) -> None:
    """Count one less; what is counted no more is not kept."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _numbered(name: str, number: int) -> str:
    digits = str(number)
    return name[: MAX_USER_CHARACTERS - len(digits)] + digits


def _guest_names() -> Iterator[str]:
    """Make names up, longer ones as the short ones prove to be in use."""
    syllables = 2
    while True:
        for _ in range(4):
            yield "guest-" + "".join(_syllable() for _ in range(syllables))
        syllables = min(syllables + 1, 12)


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)
