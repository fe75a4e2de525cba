"""The key of this server for push services, and what it signs (VAPID, RFC 8292)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from time import time
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# How long a signature is valid, and when it is made anew (seconds). Push services accept up to 24 hours.
_VALID: Final = 12 * 3600.0
_RENEWED: Final = 3600.0
# Signatures that are kept, one for each push service.
_KEPT: Final = 64
_BYTES: Final = 32


class PushKey:
    """The private key of the settings. Raises `ValueError` if it is none.

    Attributes:
        public: the public key, as browsers subscribe with it.
    """

    def __init__(self, private: str, subject: str, clock: Callable[[], float] = time) -> None:
        self._key = ec.derive_private_key(int.from_bytes(decoded(private)), ec.SECP256R1())
        self._subject = subject
        self._clock = clock
        self._signed: dict[str, tuple[float, str]] = {}
        self.public = encoded(point(self._key.public_key()))

    def authorization(self, origin: str) -> str:
        """Return the header Authorization for the push service at an origin."""
        now = self._clock()
        at, token = self._signed.get(origin, (-_RENEWED, ""))
        if now - at >= _RENEWED:
            claims = {"aud": origin, "exp": int(now + _VALID), "sub": self._subject}
            token = jwt.encode(claims, self._key, algorithm="ES256")
            if len(self._signed) >= _KEPT:
                self._signed.clear()
            self._signed[origin] = (now, token)
        return f"vapid t={token}, k={self.public}"


def make_private_key() -> str:
    """Make a private key, as the settings have it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encoded(number.to_bytes(_BYTES))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encoded(content: bytes) -> str:
    """Encode bytes in base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Decode base64url, with or without padding. Raises `ValueError`."""
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
