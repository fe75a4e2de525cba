"""The names in use on this node, and the secrets that prove them (specification CN3, CN4)."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from hubbub_protocol.names import MAX_USER_CHARACTERS, fold_user, user_fault

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


@dataclass(slots=True)
class _Holder:
    name: str
    session: str
    count: int
    # Held by somebody with a token: no session proves it, or an expired token could go on as a guest.
    reserved: bool


class Guests:
    """The names in use. Each `take` and `hold` is matched by a `free`; a name may be held several times."""

    __slots__ = ("_holders",)

    def __init__(self) -> None:
        self._holders: dict[str, _Holder] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def take(self, name: str | None, session: str | None = None) -> Taken:
        """Take a name, or one that is made up, for a guest.

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
        return self._add(name, session, reserved=False)

    def hold(self, user: str, session: str | None = None) -> Taken:
        """Hold the name of somebody with a token: always granted, and no guest gets it until all left."""
        return self._add(user, session, reserved=True)

    def free(self, user: str) -> None:
        """Give a name back, once for each time it was taken or held."""
        folded = fold_user(user)
        holder = self._holders[folded]
        holder.count -= 1
        if not holder.count:
            del self._holders[folded]

    def _add(self, name: str, session: str | None, *, reserved: bool) -> Taken:
        proof = session if session and _SESSION.fullmatch(session) else secrets.token_urlsafe(_SESSION_BYTES)
        holder = self._holders.setdefault(fold_user(name), _Holder(name, proof, 0, reserved))
        if not reserved and (holder.reserved or not hmac.compare_digest(holder.session, proof)):
            raise NameTaken(self._suggestion(name))
        holder.reserved |= reserved
        holder.count += 1
        # A guest's tabs show one name, though one asked for `Ann` and one for `ann`; a token's is as it says.
        return Taken(name if reserved else holder.name, proof)

    def _is_free(self, name: str) -> bool:
        return fold_user(name) not in self._holders

    def _suggestion(self, name: str) -> str:
        drawn = (secrets.randbelow(_LOT) for _ in iter(int, 1))
        candidates = (_numbered(name, number) for number in chain(range(2, _NUMBERS), drawn))
        return next(filter(self._is_free, candidates))

    def _made_up(self) -> str:
        return next(filter(self._is_free, _guest_names()))


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
