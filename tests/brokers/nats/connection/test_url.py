"""NATS_URL names one or several servers, and has query parameters for NATS settings."""

from __future__ import annotations

import pytest

from brokers.base import BrokerOptions
from brokers.errors import Misconfigured
from brokers.nats.connection.url import NatsUrl, parse_url, sign_in


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", NatsUrl(servers=("nats://localhost:4222",))),
        ("nats://one", NatsUrl(servers=("nats://one",))),
        ("nats://one:1,tls://two:2", NatsUrl(servers=("nats://one:1", "tls://two:2"))),
        ("nats://one, nats://two?replicas=3", NatsUrl(servers=("nats://one", "nats://two"), replicas=3)),
        ("nats://ann:a,b@one:1", NatsUrl(servers=("nats://one:1",), user="ann", password="a,b")),
        (
            "nats://ann:%40%25@one,nats://two",
            NatsUrl(servers=("nats://one", "nats://two"), user="ann", password="@%"),
        ),
        ("nats://token@one", NatsUrl(servers=("nats://one",), user="token")),
        ("tls://one?ca=/a&cert=/b&key=/c", NatsUrl(servers=("tls://one",), ca="/a", cert="/b", key="/c")),
        ("nats://one?creds=/run/my.creds", NatsUrl(servers=("nats://one",), creds="/run/my.creds")),
    ],
)
def test_an_address_is_read(url: str, address: NatsUrl) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize("parameter", ["replicas=0", "replicas=x", "replicas=", "replicas=6", "repl=3"])
def test_what_is_not_known_is_named(parameter: str) -> None:
    with pytest.raises(Misconfigured, match=parameter.split("=", maxsplit=1)[0]):
        parse_url(f"nats://one?{parameter}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nats://ann:a@one,nats://bob:b@two", "several users"),
        ("nats://one,ws://two", "websockets"),
        ("nats://one?key=/run/key.pem", "key= without cert="),
        ("nats://one?creds=/a&nkey=/b", "set one of them"),
    ],
)
def test_what_does_not_fit_together_is_refused(url: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        parse_url(url)


def test_a_password_does_not_show() -> None:
    assert "secret" not in repr(parse_url("nats://ann:secret@one"))


@pytest.mark.parametrize(
    ("url", "encrypted"),
    [("nats://one", False), ("tls://one", True), ("wss://one", True), ("nats://one?ca=/a", True)],
)
def test_a_url_that_names_tls_requires_it(url: str, *, encrypted: bool) -> None:
    assert parse_url(url).encrypted is encrypted


HARD = "p/a?s#s@w:o[r]d,%2F \\ '\"$é"


@pytest.mark.parametrize(
    ("options", "user", "password"),
    [
        (BrokerOptions(user="ann", password=HARD), "ann", HARD),
        (BrokerOptions(user=HARD, password=HARD), HARD, HARD),
        (BrokerOptions(token=HARD), HARD, None),
        (BrokerOptions(password=HARD), "bob", HARD),
        (BrokerOptions(user="ann"), "ann", "b"),
        (BrokerOptions(), "bob", "b"),
    ],
)
def test_who_a_node_is_may_stand_apart_from_the_url(
    options: BrokerOptions, user: str, password: str | None
) -> None:
    address = sign_in(parse_url("nats://bob:b@one"), options)
    assert (address.servers, address.user, address.password) == (("nats://one",), user, password)
    assert "p/a?s" not in repr(address) + repr(options)


@pytest.mark.parametrize(
    "options",
    [
        BrokerOptions(token=HARD, password=HARD),
        BrokerOptions(token=HARD, user=HARD),
        BrokerOptions(password=HARD),
    ],
)
def test_a_contradiction_is_refused_without_repeating_a_secret(options: BrokerOptions) -> None:
    with pytest.raises(Misconfigured, match="NATS_") as raised:
        sign_in(parse_url("nats://one"), options)
    assert "p/a" not in str(raised.value)


@pytest.mark.parametrize("password", ["s3/cret", "s3?cret", "s3#cret", "s3[cret", "s3/?#@cret"])
def test_no_part_of_a_password_is_taken_for_a_host(password: str) -> None:
    with pytest.raises(Misconfigured, match="NATS_PASSWORD") as raised:
        parse_url(f"nats://ann:{password}@one,nats://two")
    assert "s3" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_token_does_not_show() -> None:
    assert "secret" not in repr(parse_url("nats://secret@one"))
