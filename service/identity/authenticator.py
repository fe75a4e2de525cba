"""Verify tokens: the user's identity, and the rooms that the token's claims permit to read and write.

AuthError
├── BadToken        invalid, or not valid for this server: close code 4501
└── TokenExpired    close code 4100
CannotStart
└── BadKey          the node's own key can't verify tokens: it does not start
"""

from __future__ import annotations

import hashlib
import hmac
import math
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from hubbub_protocol.commands import MAX_TOKEN_CHARACTERS
from hubbub_protocol.names import user_fault
from service.identity.identity import (
    ALL_ROOMS,
    BOT_PREFIX,
    GUEST_PREFIX,
    NO_ROOMS,
    Identity,
    Rights,
    RoomSet,
    guest,
    verified,
)
from service.runtime.process import USAGE, CannotStart
from service.settings import Settings

# The end of the year 9999: later times overflow timers, and exact milliseconds.
_MAX_EXPIRY: Final = 253_402_300_799.0
_MIN_RSA_BITS: Final = 2048
_MIN_SECRET_BYTES: Final = 32
_MAX_SUBJECT_CHARACTERS: Final = 255
# Claims that hold a display name, best first.
_NAMES: Final = ("name", "preferred_username", "sub")
# Digits of the generated name of a user without a usable one.
_NAME_DIGITS: Final = 8
_READ: Final = "rooms.read"
_WRITE: Final = "rooms.write"
_MODERATE: Final = "rooms.moderate"

_Key: TypeAlias = bytes | RSAPublicKey | Ed25519PublicKey


class AuthError(Exception):
    """The base of all errors of token verification. No message contains any part of a token."""


class BadToken(AuthError):
    """The token is invalid, or not valid for this server."""


class TokenExpired(AuthError):
    """The token has expired."""


class BadKey(CannotStart):
    """HUBBUB_TOKEN_KEY is not a key for HUBBUB_TOKEN_ALGORITHM."""

    exit_code = USAGE


class Authenticator:
    """Verifies tokens with one key and one algorithm; the token's own header can't choose another."""

    __slots__ = (
        "_algorithm", "_api_key", "_audience", "_guest_reads", "_guest_writes", "_issuer", "_key", "_leeway",
    )  # fmt: skip

    def __init__(self, settings: Settings) -> None:
        """Load the key. Raises `BadKey` if it doesn't fit the algorithm."""
        self._algorithm = settings.token_algorithm
        self._audience = settings.token_audience or None
        self._issuer = settings.token_issuer or None
        self._leeway = settings.token_leeway
        self._guest_reads = RoomSet.of(settings.guests_may_read)
        self._guest_writes = RoomSet.of(settings.guests_may_write)
        self._key = _make_key(settings.token_key, self._algorithm) if settings.takes_tokens else None
        self._api_key = settings.api_key.encode()

    def verify(self, token: str) -> Identity:
        """Verify a token and return the user's identity.

        Raises:
            BadToken: it is invalid, or not valid for this server.
            TokenExpired: it has expired.
        """
        if self._key is None:
            raise BadToken("this server accepts no tokens")
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise BadToken(f"the token is too long: at most {MAX_TOKEN_CHARACTERS} characters are allowed")
        return _identity(self._claims(token, self._key), self._leeway)

    def guest(self, user: str, session: str) -> Identity:
        """Return the identity of a guest, with the rooms that are open to guests."""
        return guest(user, session, self._guest_reads, self._guest_writes)

    def is_api_key(self, given: str) -> bool:
        """Return whether this is the HTTP API's key; False if none is set."""
        return bool(self._api_key) and hmac.compare_digest(given.encode(errors="replace"), self._api_key)

    def _claims(self, token: str, key: _Key) -> Mapping[str, object]:
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                key,
                algorithms=[self._algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=self._leeway,
                options={"require": ["exp"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise TokenExpired("the token has expired") from error
        except jwt.InvalidAudienceError as error:
            raise BadToken(self._wrong_audience) from error
        except jwt.PyJWTError as error:
            raise BadToken(_reason(error)) from error
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            # A token is untrusted input: huge numbers, deep nesting. Not every version of PyJWT turns all of
            # these errors into its own.
            raise BadToken("the token can't be decoded") from error
        return claims

    @property
    def _wrong_audience(self) -> str:
        if self._audience is not None:
            return "the token is for another audience (`aud`)"
        return "the token has an audience (`aud`), and this server expects none: set HUBBUB_TOKEN_AUDIENCE"


def _make_key(text: str, algorithm: str) -> _Key:
    """Load a key of the one kind that the algorithm uses, so that no key is taken for another kind."""
    if algorithm == "HS256":
        secret = text.encode()
        if len(secret) < _MIN_SECRET_BYTES or b"-----BEGIN" in secret:
            raise BadKey(
                f"HS256 needs a shared secret of at least {_MIN_SECRET_BYTES} bytes that is not a PEM;"
                " set HUBBUB_TOKEN_KEY"
            )
        return secret
    try:
        # An environment variable often can't contain line ends: `\n` may replace them.
        key = load_pem_public_key(text.replace("\\n", "\n").encode())
    except Exception as error:
        raise BadKey(f"{algorithm} needs a public key in PEM format; set HUBBUB_TOKEN_KEY") from error
    if algorithm == "RS256" and isinstance(key, RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if algorithm == "EdDSA" and isinstance(key, Ed25519PublicKey):
        return key
    kind = f"an RSA key of at least {_MIN_RSA_BITS} bits" if algorithm == "RS256" else "an Ed25519 key"
    raise BadKey(f"{algorithm} needs {kind}; HUBBUB_TOKEN_KEY holds another kind of key")


def _reason(error: jwt.PyJWTError) -> str:
    """Return our own description of an error: the library's may quote the token."""
    reasons: dict[type[jwt.PyJWTError], str] = {
        jwt.MissingRequiredClaimError: "the token lacks a required claim",
        jwt.InvalidIssuerError: "the token is from another issuer",
        jwt.ImmatureSignatureError: "the token is not valid yet",
        jwt.InvalidSignatureError: "the token's signature is wrong",
        jwt.InvalidAlgorithmError: "the token is signed with an algorithm that this server doesn't accept",
    }
    return next(
        (words for kind, words in reasons.items() if isinstance(error, kind)), "the token can't be decoded"
    )


def _identity(claims: Mapping[str, object], leeway: float) -> Identity:
    subject = _subject(claims)
    return verified(
        _display_name(claims, subject),
        subject,
        Rights(_rooms(claims, _READ), _rooms(claims, _WRITE), _rooms(claims, _MODERATE, NO_ROOMS)),
        expires=min(_expiry(claims["exp"]) + leeway, _MAX_EXPIRY),
        token_id=_token_id(claims),
    )


def _token_id(claims: Mapping[str, object]) -> str | None:
    found = claims.get("jti")
    return found if isinstance(found, str) and found else None


def _subject(claims: Mapping[str, object]) -> str:
    """Return the id of the token's user, which may have any shape."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise BadToken("the token names no user: it needs the claim `sub`")
    if len(subject) > _MAX_SUBJECT_CHARACTERS:
        raise BadToken(
            f"the token's `sub` has {len(subject)} characters: at most {_MAX_SUBJECT_CHARACTERS} are allowed"
        )
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in subject):
        raise BadToken("the token's `sub` contains a control character or half of a character")
    for prefix in (GUEST_PREFIX, BOT_PREFIX):
        if subject.startswith(prefix):
            raise BadToken(
                f"the token's `sub` begins with `{prefix}`, which is reserved for ids of this server"
            )
    return subject


def _display_name(claims: Mapping[str, object], subject: str) -> str:
    """Return the first claim that is a valid name; without one, a name made of the id."""
    for claim in _NAMES:
        name = claims.get(claim)
        if isinstance(name, str) and user_fault(name) is None:
            return name
    return f"user-{hashlib.sha256(subject.encode()).hexdigest()[:_NAME_DIGITS]}"


def _expiry(value: object) -> float:
    # A whole number may be too large for a float.
    with suppress(OverflowError):
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    raise BadToken("the token's `exp` is not a number")


def _rooms(claims: Mapping[str, object], claim: str, missing: RoomSet = ALL_ROOMS) -> RoomSet:
    """Read a claim with rooms. A claim that can't be parsed must not permit all rooms."""
    if claim not in claims:
        return missing
    found = claims[claim]
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise BadToken(f"the token's `{claim}` is not a list of room names")
    return RoomSet.of(found)
