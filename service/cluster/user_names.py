"""The names in use, and the secrets that prove them (specification CN3, CN4)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from time import time
from typing import Final, NamedTuple, Protocol, TypeVar

from hubbub_protocol import Close
from hubbub_protocol.names import MAX_USER_CHARACTERS, fold_user, user_fault
from service.cluster.room_presence import RoomPresence
from service.cluster.roster import Changes
from service.cluster.signals import NAMES

T = TypeVar("T")

# 128 bits. A session that a client brings from another node must look like ours, or it gets a new one.
_SESSION_BYTES: Final = 16
# Of a digest that other nodes compare sessions by.
_PROOF_DIGITS: Final = 32
_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{22}")
# A name in use: see `_Held`.
_LINE: Final = re.compile(r"(.*)\n([0-9]{1,16})\n([!-~]*)\n(.*)")

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


class _Held(NamedTuple):
    """A name in use, as nodes tell each other.

    A guest's `proof` is a digest of the session, so that another node can compare it but not use it. Somebody
    with a token has none: no session proves that name, or an expired token could go on as a guest.
    `since` is when a guest took it (ms since 1970): of two nodes that gave it away at once, the first wins.
    """

    folded: str
    since: int
    proof: str
    name: str

    @property
    def line(self) -> str:
        """Write it as one line of the roster of names."""
        return f"{self.folded}\n{self.since}\n{self.proof}\n{self.name}"

    def yields_to(self, other: _Held) -> bool:
        """Tell whether the other is to have the name."""
        if not other.proof:
            return True
        return other.proof != self.proof and (other.since, other.proof) < (self.since, self.proof)


def _read(lines: Iterable[str]) -> Iterator[_Held]:
    """Read lines of the roster. What a node of another version writes otherwise is passed over."""
    for found in filter(None, map(_LINE.fullmatch, lines)):
        folded, since, proof, name = found.groups()
        yield _Held(folded, int(since), proof, name)


@dataclass(slots=True)
class _Guest:
    held: _Held
    # None: nobody who could be closed.
    connections: dict[Closable | None, int] = field(default_factory=dict)


class UserNames:
    """The names in use on all nodes. A name may be held several times, by guests and by users with a token.

    Each `take` is matched by a `free`, each `hold` by a `release`. Names are shared among the nodes as who is
    in a room is. Nodes that don't hear each other may give one name away twice; they settle it when they do.
    """

    __slots__ = ("_guests", "_lines", "_names", "clock")

    def __init__(self, names: RoomPresence | None = None, *, clock: Callable[[], float] = time) -> None:
        """Keep the names in `names`; without it, those of this node alone."""
        self.clock = clock
        # The guests of this node, by folded name.
        self._guests: dict[str, _Guest] = {}
        # The lines of the roster, of all nodes, by folded name: of most names there is one.
        self._lines: dict[str, tuple[str, ...]] = {}
        self._names = names or RoomPresence(NAMES, changed=lambda: None, told=lambda _: None)
        self._names.changed = self._settle

    def __len__(self) -> int:
        return len({held.folded for held in _read(self._names.roster.here)})

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
        session = _session(session)
        held = _Held(fold_user(name), int(self.clock() * 1000), _proof(session), name)
        for other in self._held(held.folded):
            if not hmac.compare_digest(other.proof, held.proof):
                raise NameTaken(self._suggestion(name))
            # A guest's tabs show one name, though one asked for `Ann` and one for `ann`.
            held = other
        guest = self._guests.get(held.folded)
        if guest is None:
            guest = self._guests[held.folded] = _Guest(held)
            self._names.arrive(held.line)
        guest.connections[connection] = guest.connections.get(connection, 0) + 1
        return Taken(held.name, session)

    def free(self, user: str, connection: Closable | None = None) -> None:
        """Give a name back, once for each time it was taken."""
        folded = fold_user(user)
        guest = self._guests[folded]
        _subtract(guest.connections, connection)
        if not guest.connections:
            del self._guests[folded]
            self._names.depart(guest.held.line)

    def hold(self, user: str, session: str | None = None) -> Taken:
        """Hold the name of somebody with a token: always granted, guests that have it lose it (CN5)."""
        self._names.arrive(_reserved(user))
        return Taken(user, _session(session))

    def release(self, user: str) -> None:
        """Give a name back, once for each time it was held; then it's for guests again."""
        self._names.depart(_reserved(user))

    def _settle(self) -> None:
        """Take in what changed, and take a name from the guests here if it went to somebody else."""
        changes, self._names.roster.changes = self._names.roster.changes, Changes()
        for line in changes.left:
            self._unlist(line)
        for line in changes.joined:
            folded = _folded(line)
            self._lines[folded] = tuple(sorted((*self._lines.get(folded, ()), line)))
            guest = self._guests.get(folded)
            if guest is not None and line != guest.held.line:
                self._contest(guest, line)

    def _contest(self, guest: _Guest, line: str) -> None:
        """Take a name from a guest here if another is to have it."""
        if not any(guest.held.yields_to(other) for other in _read([line])):
            return
        # A copy: one whose socket is gone already gives the name back at once.
        for connection in list(guest.connections):
            if connection is not None:
                connection.close(Close.NAME_LOST, "the name is somebody else's")

    def _unlist(self, line: str) -> None:
        folded = _folded(line)
        others = tuple(other for other in self._lines[folded] if other != line)
        if others:
            self._lines[folded] = others
        else:
            del self._lines[folded]

    def _held(self, folded: str) -> Iterator[_Held]:
        return _read(self._lines.get(folded, ()))

    def _is_free(self, name: str) -> bool:
        return not any(self._held(fold_user(name)))

    def _suggestion(self, name: str) -> str:
        drawn = (secrets.randbelow(_LOT) for _ in iter(int, 1))
        candidates = (_numbered(name, number) for number in chain(range(2, _NUMBERS), drawn))
        return next(filter(self._is_free, candidates))

    def _made_up(self) -> str:
        return next(filter(self._is_free, _guest_names()))


def _session(session: str | None) -> str:
    """Go on with a session that looks like ours, or make a new one."""
    return session if session and _SESSION.fullmatch(session) else secrets.token_urlsafe(_SESSION_BYTES)


def _proof(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()[:_PROOF_DIGITS]


def _folded(line: str) -> str:
    return line.partition("\n")[0]


def _reserved(user: str) -> str:
    return _Held(fold_user(user), 0, "", "").line


def _subtract(counts: dict[T, int], key: T) -> None:
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
