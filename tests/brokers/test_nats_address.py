"""NATS_URL may name several servers, and hold what only NATS can be told."""

from __future__ import annotations

import pytest

from brokers.errors import Misconfigured
from brokers.nats.address import Address, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", Address(servers=("nats://localhost:4222",))),
        ("nats://one", Address(servers=("nats://one",))),
        ("nats://one:1,tls://two:2", Address(servers=("nats://one:1", "tls://two:2"))),
        ("nats://one, nats://two?replicas=3", Address(servers=("nats://one", "nats://two"), replicas=3)),
        ("nats://ann:a,b@one:1", Address(servers=("nats://ann:a,b@one:1",))),
        ("nats://one?creds=/run/my.creds", Address(servers=("nats://one",), creds="/run/my.creds")),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert parse(url) == address


@pytest.mark.parametrize("parameter", ["replicas=0", "replicas=x", "replicas=", "replicas=6", "repl=3"])
def test_what_is_not_known_is_named(parameter: str) -> None:
    with pytest.raises(Misconfigured, match=parameter.split("=", maxsplit=1)[0]):
        parse(f"nats://one?{parameter}")
