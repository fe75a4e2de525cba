"""NATS_URL names one or several servers, and has query parameters for NATS settings."""

from __future__ import annotations

import pytest

from brokers.errors import Misconfigured
from brokers.nats.connection.url import NatsUrl, parse_url


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
