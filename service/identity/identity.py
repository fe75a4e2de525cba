"""The identity behind a connection or a request: a user, and the rooms that the user may read and write."""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

# Beginnings of ids that this server makes. No token may name such a user.
GUEST_PREFIX: Final = "guest:"
BOT_PREFIX: Final = "bot:"
# Bytes of the digest of a session: as many as the session has at random.
_DIGEST_BYTES: Final = 16
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
# The longest id that is part of an idempotency key as it is; a longer one is replaced by its digest.
_MAX_SCOPE_CHARACTERS: Final = 64

Kind: TypeAlias = Literal["guest", "verified", "bot"]


class RoomSet(msgspec.Struct, frozen=True):
    """A set of rooms, by names and by prefixes of names. The empty prefix matches all rooms."""

    names: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str]) -> RoomSet:
        """Make the set of all rooms that match one of the patterns: a name, or a beginning with a `*`."""
        found = list(patterns)
        if "*" in found:
            return ALL_ROOMS
        prefixes = tuple(each[:-1] for each in found if each.endswith("*"))
        return cls(frozenset(each for each in found if not each.endswith("*")), prefixes)

    def beginning(self, prefix: str) -> RoomSet:
        """Return the rooms of this set whose names begin with a prefix."""
        narrowed = (
            max(each, prefix, key=len)
            for each in self.prefixes
            if each.startswith(prefix) or prefix.startswith(each)
        )
        names = frozenset(name for name in self.names if name.startswith(prefix))
        return RoomSet(names, tuple(dict.fromkeys(narrowed)))

    def __contains__(self, room: str) -> bool:
        return room in self.names or room.startswith(self.prefixes)


ALL_ROOMS: Final = RoomSet(prefixes=("",))
NO_ROOMS: Final = RoomSet()

# The server keeps its own entries in rooms whose names begin with a control character.
FIRST_ROOM: Final = " "


class Identity(msgspec.Struct, frozen=True):
    """A user with rights.

    Attributes:
        user: the display name.
        id: the stable id; two users never share one, also under one name.
        kind: whether it is a guest, a user with a token, or a program with the API key.
        scope: the namespace of the idempotency keys of this author.
        reads: the rooms with read permission.
        writes: the rooms with write permission.
        moderates: the rooms in which the user may delete the messages of others.
        expires: when the token expires, in seconds since 1970; None without a token.
        token_id: the id of the token (`jti`), if it has one.
    """

    user: str
    id: str
    kind: Kind
    scope: str
    reads: RoomSet = ALL_ROOMS
    writes: RoomSet = ALL_ROOMS
    moderates: RoomSet = NO_ROOMS
    expires: float | None = None
    token_id: str | None = None

    @property
    def is_guest(self) -> bool:
        """Whether the user is a guest."""
        return self.kind == "guest"

    def limited_as(self, address: str) -> str:
        """Return who shares a limit with the user at an address: only the user, or all guests there."""
        return f"address:{address}" if self.is_guest else self.scope

    def may_read(self, room: str) -> bool:
        """Return whether the user may join a room. The server's own rooms can be read by no user."""
        reads = self.reads
        return (reads is ALL_ROOMS or room in reads) and room >= FIRST_ROOM

    def may_write(self, room: str) -> bool:
        """Return whether the user may send to a room. No user can send to the server's own rooms."""
        writes = self.writes
        return (writes is ALL_ROOMS or room in writes) and room >= FIRST_ROOM

    def may_moderate(self, room: str) -> bool:
        """Return whether the user may delete the messages of others in a room."""
        return room in self.moderates


def guest(user: str, session: str, reads: RoomSet = ALL_ROOMS, writes: RoomSet = ALL_ROOMS) -> Identity:
    """Return the identity of a guest, which the session proves on every node."""
    digest = session_digest(session)
    return Identity(user, guest_id(digest), "guest", f"g:{digest.hex()}", reads, writes)


def guest_id(digest: bytes) -> str:
    """Return the id of the guest whose session has a digest."""
    return GUEST_PREFIX + url_safe(digest)


def url_safe(data: bytes) -> str:
    """Encode bytes as Base64 for URLs without padding. `base64` takes four calls for that."""
    return b2a_base64(data, newline=False).translate(_URL_SAFE, b"=").decode()


class Rights(NamedTuple):
    """The rooms that the claims of a token permit to read, to write and to moderate."""

    reads: RoomSet
    writes: RoomSet
    moderates: RoomSet = NO_ROOMS


def verified(
    user: str, subject: str, rights: Rights, expires: float, token_id: str | None = None
) -> Identity:
    """Return the identity of a user with a token; `subject` is the id."""
    short = len(subject) <= _MAX_SCOPE_CHARACTERS and subject.isascii()
    scope = f"u:{subject}" if short else f"h:{hashlib.sha256(subject.encode()).hexdigest()}"
    return Identity(user, subject, "verified", scope, *rights, expires, token_id)


def bot(user: str, key: str) -> Identity:
    """Return the identity of a program that posts as `user` with the API key of the name `key`.

    One key may post for several authors, who choose their idempotency keys without knowing of each other.
    """
    return Identity(user, f"{BOT_PREFIX}{key}", "bot", scope=f"{key}:{user}")


def operator(key: str) -> Identity:
    """Return the identity of the operator with the API key of the name `key`."""
    return msgspec.structs.replace(bot("operator", key), moderates=ALL_ROOMS)


@lru_cache(maxsize=8)
def session_digest(session: str) -> bytes:
    """Return the digest of a session secret: it names the guest, and only the secret proves it.

    Remembered for the last ones: the name and the identity of a connection ask for the same.
    """
    return hashlib.sha256(session.encode()).digest()[:_DIGEST_BYTES]
