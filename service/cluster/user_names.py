"""The user names in use on all nodes, and the session secrets that prove them (rules CN3, CN4)."""

from __future__ import annotations

import hmac
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from os import urandom
from time import time
from typing import Final, NamedTuple, Protocol, TypeVar

from hubbub_protocol import Close
from hubbub_protocol.names import fold_user, user_fault
from service.cluster.guest_names import guest_names, numbered_names
from service.cluster.kept_names import KeptNames
from service.cluster.name_claims import NameClaim, NamedUser, parse_claims, verified_line
from service.cluster.name_errors import InvalidName, TooManyNames, UserNameTaken
from service.cluster.room_presence import RoomPresence
from service.cluster.roster import Changes, UserState
from service.cluster.signals import NAMES
from service.identity.identity import session_digest, url_safe
from service.identity.look_alikes import look_alike_key

T = TypeVar("T")

# 128 bits. A session from another node must have the same form; anything else is replaced.
_SESSION_BYTES: Final = 16
_SESSION: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class AcquiredName(NamedTuple):
    """A name that was acquired, and the session that proves it."""

    user: str
    session: str


class Closable(Protocol):
    """A guest's connection."""

    def close(self, code: Close, reason: str) -> None:
        """Close the connection with a code that the client reads."""


@dataclass(slots=True)
class _Guest:
    claim: NameClaim
    # The claim's line in the roster.
    line: str
    # The address of the first connection that acquired the name.
    address: str
    # None: a claim without a connection to close.
    connections: dict[Closable | None, int] = field(default_factory=dict)
    # Those of them that are away, and whether the name is shown so: if all are.
    away_connections: set[Closable | None] = field(default_factory=set)
    away: bool = False


class UserNames:
    """The user names in use on all nodes. Guests and verified users may acquire a name several times.

    Each `acquire_guest` is matched by a `release_guest`, and each `acquire_verified` by a `release_verified`.
    Names are shared between nodes like presence. Nodes that can't reach each other may both grant one name;
    the conflict is resolved when they reconnect.
    """

    __slots__ = (
        "_by_address", "_guests", "_kept", "_lines", "_most_per_address", "_names", "_reserved", "clock",
    )  # fmt: skip

    def __init__(
        self,
        names: RoomPresence | None = None,
        *,
        reserved: Iterable[str] = (),
        most_per_address: int = sys.maxsize,
        kept: KeptNames | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        """Keep the names in `names`; without it, only those of this node. No guest has a `reserved` name.

        The guests of one address have at most `most_per_address` names on this node. The names in `kept` are
        those of users with tokens, also while they are away.
        """
        self._kept = KeptNames() if kept is None else kept
        self.clock = clock
        self._reserved = frozenset(map(look_alike_key, reserved))
        self._most_per_address = most_per_address
        self._by_address: dict[str, int] = {}
        # The guests of this node, by the key of names that look alike.
        self._guests: dict[str, _Guest] = {}
        # The lines of the roster, of all nodes, by the same key. Most names have one line.
        self._lines: dict[str, tuple[str, ...]] = {}
        self._names = names or RoomPresence(NAMES, changed=lambda: None, on_unpublished=lambda _: None)
        self._names.changed = self._apply_changes

    def __len__(self) -> int:
        return len({claim.folded for claim in parse_claims(self._names.roster.local)})

    def acquire_guest(
        self,
        name: str | None,
        session: str | None = None,
        connection: Closable | None = None,
        *,
        address: str = "",
    ) -> AcquiredName:
        """Acquire a name, or a generated one, for a guest; the connection is closed if the name is lost.

        A valid session is kept: it may be from another node, and other tabs may use it too.

        Raises:
            InvalidName: the name is not a valid user name.
            UserNameTaken: another user has the name.
            TooManyNames: the guests of the address have too many names.
        """
        if name is None:
            name = self._generate()
        key = self._checked_key(name)
        session = _valid_session(session)
        claim = NameClaim(fold_user(name), int(self.clock() * 1000), _proof(session), name)
        for other in self._claims(key):
            if not hmac.compare_digest(other.proof, claim.proof):
                raise UserNameTaken(self._suggestion(name))
            # A guest's tabs share one spelling, even if one asked for `Ann` and another for `ann`.
            claim = other
        guest = self._guests.get(key)
        if guest is None:
            count = self._by_address.get(address, 0)
            if count >= self._most_per_address:
                raise TooManyNames(self._most_per_address)
            self._by_address[address] = count + 1
            guest = self._guests[key] = _Guest(claim, claim.line, address)
            self._names.add(guest.line)
        guest.connections[connection] = guest.connections.get(connection, 0) + 1
        self._update_away(guest)
        return AcquiredName(claim.name, session)

    def _checked_key(self, name: str) -> str:
        """Return the key of a name that guests may have."""
        fault = user_fault(name)
        if fault:
            raise InvalidName(fault)
        key = look_alike_key(name)
        if key in self._reserved:
            raise InvalidName("is reserved: choose another one")
        if self._kept.has(key):
            raise UserNameTaken(self._suggestion(name))
        return key

    def release_guest(self, user: str, connection: Closable | None = None) -> None:
        """Release a guest's name, once for each time it was acquired."""
        key = look_alike_key(user)
        guest = self._guests[key]
        _subtract(guest.connections, connection)
        if connection not in guest.connections:
            guest.away_connections.discard(connection)
        if guest.connections:
            self._update_away(guest)
        else:
            del self._guests[key]
            _subtract(self._by_address, guest.address)
            self._names.remove(guest.line, away=guest.away)

    def turn_guest(self, user: str, connection: Closable, *, away: bool) -> None:
        """Record that a connection of a guest became away, or is back (PR6)."""
        guest = self._guests[look_alike_key(user)]
        (guest.away_connections.add if away else guest.away_connections.discard)(connection)
        self._update_away(guest)

    def _update_away(self, guest: _Guest) -> None:
        away = len(guest.away_connections) == len(guest.connections)
        if away != guest.away:
            guest.away = away
            self._names.turn(guest.line, away=away)

    def acquire_verified(
        self, user: str, session: str | None = None, *, user_id: str | None = None
    ) -> AcquiredName:
        """Acquire a name for a user with a token: guests with that name lose it (CN5).

        With a `user_id`, the name is kept for that user, and another user is shown with a number.
        """
        if user_id is not None:
            user = self.claim(user, user_id)
        self._names.add(verified_line(user, user_id))
        return AcquiredName(user, _valid_session(session))

    def claim(self, user: str, user_id: str) -> str:
        """Return the name by which a user with a token is shown, which is kept for the user."""
        return self._kept.claim(user, user_id, numbered_names)

    def release_verified(self, user: str, *, user_id: str | None = None, away: bool = False) -> None:
        """Release a verified user's name, once for each time it was acquired, with the same `user_id`.

        `away` is the state of the connection that ends.
        """
        self._names.remove(verified_line(user, user_id), away=away)

    def turn_verified(self, user: str, *, user_id: str | None = None, away: bool) -> None:
        """Record that a connection of a verified user became away, or is back (PR6)."""
        self._names.turn(verified_line(user, user_id), away=away)

    def find(self, name: str) -> Iterator[NamedUser]:
        """Yield the users who have a name now, on any node."""
        folded = fold_user(name)
        users = (claim.user for claim in self._claims(look_alike_key(name)) if claim.folded == folded)
        return (user for user in users if user is not None)

    def is_here(self, name: str, user_id: str) -> bool:
        """Return whether the user with this name has a connection on any node that is not away (PR6)."""
        for line in self._lines.get(look_alike_key(name), ()):
            if self._names.roster.state(line) is UserState.HERE:
                for claim in parse_claims((line,)):
                    if claim.user is not None and claim.user.id == user_id:
                        return True
        return False

    def _apply_changes(self) -> None:
        """Process the roster's changes, and close guests whose name went to another user."""
        changes, self._names.roster.changes = self._names.roster.changes, Changes()
        for line in changes.left:
            self._remove_line(line)
        for line in changes.joined:
            key = _key(line)
            others = self._lines.get(key)
            self._lines[key] = tuple(sorted((*others, line))) if others else (line,)
            guest = self._guests.get(key)
            if guest is not None and line != guest.line:
                self._resolve_conflict(guest, line)

    def _resolve_conflict(self, guest: _Guest, line: str) -> None:
        """Close a guest's connections if another claim to the name wins."""
        if not any(guest.claim.loses_to(other) for other in parse_claims([line])):
            return
        # A copy: closing a connection whose socket is gone releases the name at once.
        for connection in list(guest.connections):
            if connection is not None:
                connection.close(Close.NAME_LOST, "another user has this name now")

    def _remove_line(self, line: str) -> None:
        key = _key(line)
        others = tuple(other for other in self._lines[key] if other != line)
        if others:
            self._lines[key] = others
        else:
            del self._lines[key]

    def _claims(self, key: str) -> Iterator[NameClaim]:
        return parse_claims(self._lines.get(key, ()))

    def _is_free(self, name: str) -> bool:
        key = look_alike_key(name)
        return not (key in self._reserved or self._kept.has(key) or any(self._claims(key)))

    def _suggestion(self, name: str) -> str:
        return next(filter(self._is_free, numbered_names(name)))

    def _generate(self) -> str:
        return next(filter(self._is_free, guest_names()))


def _valid_session(session: str | None) -> str:
    """Return the session if it has the right form, otherwise a new one."""
    # The source of `secrets`, without its calls: each new guest needs one.
    return session if session and _SESSION.fullmatch(session) else url_safe(urandom(_SESSION_BYTES))


def _proof(session: str) -> str:
    return session_digest(session).hex()


def _key(line: str) -> str:
    return look_alike_key(line.partition("\n")[0])


def _subtract(counts: dict[T, int], key: T) -> None:
    """Decrement a count; remove it at zero."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
