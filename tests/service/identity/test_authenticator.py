"""Token verification."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from service.identity.authenticator import Authenticator, BadKey, BadToken, TokenExpired
from service.identity.identity import Identity
from service.settings import Settings

SECRET = "a secret of more than thirty-two bytes"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - it must be rejected
ED = ed25519.Ed25519PrivateKey.generate()

Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey | ec.EllipticCurvePrivateKey


def _public(key: Private) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _private(key: Private) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _claims(**more: object) -> dict[str, object]:
    return {"sub": "ann", "exp": int(time.time()) + 3600, **more}


def _token(claims: Mapping[str, object] | None = None) -> str:
    return jwt.encode(dict(_claims() if claims is None else claims), SECRET, algorithm="HS256")


def _auth(
    algorithm: str = "HS256", key: str = SECRET, audience: str = "", issuer: str = "", leeway: float = 0.0
) -> Authenticator:
    return Authenticator(
        Settings(
            auth="tokens",
            token_algorithm=algorithm,
            token_key=key,
            token_audience=audience,
            token_issuer=issuer,
            token_leeway=leeway,
        )
    )


def _rejection(token: str, auth: Authenticator | None = None) -> str:
    with pytest.raises(BadToken) as rejection:
        (auth or _auth()).verify(token)
    return str(rejection.value)


@pytest.mark.parametrize(
    ("algorithm", "key", "signer"),
    [("HS256", SECRET, SECRET), ("RS256", _public(RSA), RSA), ("EdDSA", _public(ED), ED)],
    ids=["HS256", "RS256", "EdDSA"],
)
def test_a_valid_token_gives_the_identity(algorithm: str, key: str, signer: str | Private) -> None:
    claims = _claims()
    identity = _auth(algorithm, key).verify(jwt.encode(claims, signer, algorithm=algorithm))
    assert identity == Identity("ann", "ann", "verified", "u:ann", expires=claims["exp"])  # type: ignore[arg-type]


def test_a_pem_may_have_escaped_line_ends() -> None:
    auth = _auth("EdDSA", _public(ED).replace("\n", "\\n"))
    assert auth.verify(jwt.encode(_claims(), ED, algorithm="EdDSA")).user == "ann"


@pytest.mark.parametrize(
    "subject",
    ["8b2c3a52-60d4-4b07-9c5e-6f3f7c1e9f1a", "auth0|5f7c8ec7c33c6c004bbafe82", " ann ", "x" * 255, "é" * 255],
)
def test_any_subject_is_an_id(subject: str) -> None:
    identity = _auth().verify(_token(_claims(sub=subject, name="Ann Bee")))
    assert (identity.id, identity.user, identity.kind) == (subject, "Ann Bee", "verified")


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Ann Bee", "preferred_username": "ann"}, "Ann Bee"),
        ({"name": "x" * 33, "preferred_username": "ann"}, "ann"),
        ({"name": None, "preferred_username": 7}, "user1"),
        ({"name": "\u202eann"}, "user1"),
        ({"sub": "x" * 33}, "user-11ba55a3"),
    ],
)
def test_the_display_name_is_the_first_claim_that_is_a_valid_name(
    claims: dict[str, object], name: str
) -> None:
    assert _auth().verify(_token(_claims(**{"sub": "user1", **claims}))).user == name


def test_an_expired_token_has_its_own_error() -> None:
    with pytest.raises(TokenExpired, match="the token has expired"):
        _auth().verify(_token(_claims(exp=int(time.time()) - 1)))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"sub": "ann"}, "lacks a required claim"),
        ({"exp": int(time.time()) + 3600}, "names no user"),
        (_claims(sub=None), "can't be decoded"),
        (_claims(sub=7), "can't be decoded"),
        ({"name": "Ann", "exp": int(time.time()) + 3600}, "names no user"),
        (_claims(sub=""), "names no user"),
        (_claims(sub="x" * 256), "`sub` has 256 characters: at most 255 are allowed"),
        (_claims(sub="a\x00b"), "contains a control character"),
        (_claims(sub="a\ud800"), "half of a character"),
        (_claims(sub="guest:EGnN2b2hCzLWHGHqjzvF8A"), "begins with `guest:`, which is reserved"),
        (_claims(sub="bot:api"), "begins with `bot:`, which is reserved"),
        (_claims(exp="soon"), "can't be decoded"),
        (_claims(exp=1e400), "can't be decoded"),
        (_claims(exp=10**400), "`exp` is not a number"),
        (_claims(exp="99999999999"), "`exp` is not a number"),
        (_claims(exp=True), "expired"),
        (_claims(nbf=int(time.time()) + 3600), "not valid yet"),
        (_claims(**{"rooms.read": "lobby"}), "`rooms.read` is not a list"),
        (_claims(**{"rooms.write": ["lobby", 7]}), "`rooms.write` is not a list"),
        (_claims(**{"rooms.read": None}), "`rooms.read` is not a list"),
    ],
)
def test_invalid_claims_are_rejected_with_the_reason(claims: dict[str, object], reason: str) -> None:
    with pytest.raises((BadToken, TokenExpired), match=reason):
        _auth().verify(_token(claims))


def test_a_token_of_another_key_is_rejected() -> None:
    token = jwt.encode(_claims(), "another secret of more than 32 bytes", algorithm="HS256")
    assert _rejection(token) == "the token's signature is wrong"


@pytest.mark.parametrize("audience", [None, "others", ["others"]])
def test_a_configured_audience_is_required(audience: object) -> None:
    claims = _claims() if audience is None else _claims(aud=audience)
    _rejection(_token(claims), _auth(audience="chat"))
    assert _auth(audience="chat").verify(_token(_claims(aud=["others", "chat"]))).user == "ann"


def test_an_audience_is_refused_if_none_is_configured() -> None:
    assert _rejection(_token(_claims(aud="others"))).endswith("expects none: set HUBBUB_TOKEN_AUDIENCE")


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_the_clock_of_the_issuer_may_be_ahead_by_the_leeway(claim: str) -> None:
    now = time.time()
    assert _auth(leeway=10).verify(_token(_claims(**{claim: now + 5}))).user == "ann"
    assert "not valid yet" in _rejection(_token(_claims(**{claim: now + 60})), _auth(leeway=10))
    assert "not valid yet" in _rejection(_token(_claims(**{claim: now + 5})), _auth())


def test_a_token_is_valid_for_the_leeway_after_its_expiry() -> None:
    now = time.time()
    assert _auth(leeway=10).verify(_token(_claims(exp=now - 5))).expires == pytest.approx(now + 5)
    with pytest.raises(TokenExpired):
        _auth(leeway=10).verify(_token(_claims(exp=now - 60)))


def test_a_configured_issuer_is_required() -> None:
    assert _rejection(_token(), _auth(issuer="https://id.example.org"))
    assert "another issuer" in _rejection(
        _token(_claims(iss="https://evil")), _auth(issuer="https://id.example.org")
    )
    claims = _claims(iss="https://id.example.org")
    assert _auth(issuer="https://id.example.org").verify(_token(claims)).user == "ann"


def _forge(header: dict[str, object], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(_claims()).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "RS256", "ES256", "", None, 7])
def test_a_token_does_not_choose_its_algorithm(algorithm: object) -> None:
    _rejection(_forge({"alg": algorithm}))


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA"])
def test_a_public_key_is_never_taken_for_a_secret(algorithm: str) -> None:
    key = _public(RSA if algorithm == "RS256" else ED)
    # PyJWT itself refuses to sign with a PEM, so the signature is made by hand.
    head = _forge({"alg": "HS256", "typ": "JWT"}).rsplit(".", 1)[0]
    signature = jwt.get_algorithm_by_name("HS256").sign(head.encode(), key.encode())
    forged = f"{head}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    assert "signed with an algorithm" in _rejection(forged, _auth(algorithm, key))


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("HS256", "short"),
        ("HS256", _public(RSA)),
        ("RS256", SECRET),
        ("RS256", _private(RSA)),
        ("RS256", _public(ED)),
        ("RS256", _public(WEAK)),
        ("EdDSA", _public(RSA)),
        ("EdDSA", _public(ed448.Ed448PrivateKey.generate())),
        ("EdDSA", _public(ec.generate_private_key(ec.SECP256R1()))),
        ("EdDSA", ""),
    ],
)
def test_a_key_of_the_wrong_kind_is_rejected_at_the_start_and_not_printed(algorithm: str, key: str) -> None:
    with pytest.raises(BadKey, match=algorithm) as rejection:
        _auth(algorithm, key)
    assert not key or key not in str(rejection.value)


def test_a_server_for_guests_accepts_no_token() -> None:
    with pytest.raises(BadToken, match="accepts no tokens"):
        Authenticator(Settings()).verify(_token())


@given(st.text(max_size=300))
def test_any_text_that_is_not_a_token_is_rejected(token: str) -> None:
    _rejection(token)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_token_with_other_bytes_is_rejected(header: bytes, claims: bytes) -> None:
    _rejection(".".join(base64.urlsafe_b64encode(part).decode() for part in (header, claims, b"x" * 32)))


@pytest.mark.parametrize("claims", ["[" * 10_000, '{"":' * 2500, '{"exp":' + "9" * 5000 + "}"])
def test_claims_without_bounds_are_rejected(claims: str) -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=") + b"."
    head += base64.urlsafe_b64encode(claims.encode()).rstrip(b"=")
    signature = jwt.get_algorithm_by_name("HS256").sign(head, SECRET.encode())
    _rejection((head + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode())


@pytest.mark.parametrize("error", [RecursionError, OverflowError, ValueError, TypeError])
def test_unexpected_errors_of_the_library_are_bad_tokens(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(jwt, "decode", broken)
    assert _rejection(_token()) == "the token can't be decoded"


def test_a_token_that_is_too_long_is_not_decoded() -> None:
    assert _rejection("x" * 20_000) == "the token is too long: at most 8192 characters are allowed"


def test_an_expiry_beyond_all_timers_is_limited() -> None:
    assert _auth().verify(_token(_claims(exp=1e300))).expires == 253_402_300_799


def test_no_error_contains_a_part_of_the_token() -> None:
    claims = _claims(sub="SECRET" * 50)
    for token in (_token(claims), "SECRET.SECRET.SECRET", _token()[:-3] + "SECRET"):
        assert "SECRET" not in _rejection(token)


@pytest.mark.parametrize(
    ("claim", "inside", "outside"),
    [
        (["lobby"], ["lobby"], ["lobby2", "Lobby", ""]),
        (["team-*", "lobby"], ["team-", "team-a", "lobby"], ["team", "xteam-"]),
        (["*"], ["lobby"], ["", "\x01moderation"]),
        ([], [], ["lobby", ""]),
        (["a*b"], ["a*b"], ["axb"]),
    ],
)
def test_claims_define_the_permitted_rooms(claim: list[str], inside: list[str], outside: list[str]) -> None:
    reader = _auth().verify(_token(_claims(**{"rooms.read": claim, "rooms.write": []})))
    writer = _auth().verify(_token(_claims(**{"rooms.read": [], "rooms.write": claim})))
    for may in (reader.may_read, writer.may_write):
        assert [room for room in inside + outside if may(room)] == inside
    for may in (reader.may_write, writer.may_read):
        assert not any(may(room) for room in inside)


def test_without_claims_all_rooms_are_permitted() -> None:
    identity = _auth().verify(_token())
    assert identity.may_read("any")
    assert identity.may_write("any")
