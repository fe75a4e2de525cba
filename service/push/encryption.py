"""The encryption of a push for one browser: its push service can't read it (RFC 8291, RFC 8188)."""

from __future__ import annotations

import os
import struct
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.push.keys import point

# Bytes of an encrypted push, which every push service takes, and of the text in it.
MOST: Final = 4096
MOST_PLAIN: Final = MOST - 103
_SALT: Final = 16
# Ends the only record.
_LAST: Final = b"\x02"


def encrypt(
    plain: bytes,
    receiver: bytes,
    secret: bytes,
    *,
    salt: bytes | None = None,
    sender: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """Encrypt for the keys of a browser: its public key, and its secret (`auth`).

    Raises:
        ValueError: the public key is none.
    """
    salt = salt or os.urandom(_SALT)
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    public = point(sender.public_key())
    shared = sender.exchange(ec.ECDH(), public_key(receiver))
    key, nonce = derive(shared, secret, salt, receiver + public)
    header = salt + struct.pack(">IB", MOST, len(public)) + public
    return header + AESGCM(key).encrypt(nonce, plain + _LAST, None)


def derive(shared: bytes, secret: bytes, salt: bytes, keys: bytes) -> tuple[bytes, bytes]:
    """Derive the key and the nonce; `keys` are the public keys of the receiver and the sender."""
    material = _hkdf(32, secret, b"WebPush: info\x00" + keys, shared)
    key = _hkdf(16, salt, b"Content-Encoding: aes128gcm\x00", material)
    return key, _hkdf(12, salt, b"Content-Encoding: nonce\x00", material)


def public_key(content: bytes) -> ec.EllipticCurvePublicKey:
    """Read a public key. Raises `ValueError` if it is none."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), content)


def _hkdf(length: int, salt: bytes, info: bytes, material: bytes) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
