"""The encryption is that of RFC 8291: its example, and what a browser can read."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from service.push.encryption import MOST, MOST_PLAIN, encrypt
from service.push.keys import decoded, encoded, point
from tests.service.push.push_service import decrypt

# RFC 8291, appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4M"
    "qgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(decoded(text)), ec.SECP256R1())


def test_the_example_of_the_rfc() -> None:
    receiver = point(private(RECEIVER).public_key())
    body = encrypt(PLAIN, receiver, decoded(SECRET), salt=decoded(SALT), sender=private(SENDER))
    assert encoded(body) == BODY
    assert decrypt(decoded(BODY), private(RECEIVER), decoded(SECRET)) == PLAIN


def test_the_longest_push_is_as_long_as_every_push_service_takes() -> None:
    receiver = private(RECEIVER)
    body = encrypt(b"x" * MOST_PLAIN, point(receiver.public_key()), decoded(SECRET))
    assert len(body) == MOST
    assert decrypt(body, receiver, decoded(SECRET)) == b"x" * MOST_PLAIN


def test_each_push_has_keys_of_its_own_and_another_browser_cannot_read_it() -> None:
    receiver = point(private(RECEIVER).public_key())
    first, second = (encrypt(PLAIN, receiver, decoded(SECRET)) for _ in range(2))
    assert first[:86] != second[:86]
    with pytest.raises(InvalidTag):
        decrypt(first, private(SENDER), decoded(SECRET))


def test_what_is_no_key_is_refused() -> None:
    for key in (b"", b"\x04" + b"\0" * 64, b"\x04" + b"\xff" * 64):
        with pytest.raises(ValueError, match=r"."):
            encrypt(PLAIN, key, decoded(SECRET))
