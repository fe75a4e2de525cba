"""NATS_URL: one or several servers, and what only NATS can be told, as parameters of the first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from brokers.errors import Misconfigured


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where NATS is, and how to use it.

    Attributes:
        servers: URLs without parameters.
        replicas: on how many servers each entry is stored; None leaves it as it is, 1 for a new stream.
        creds: the path of a credentials file, if one is used.
    """

    servers: tuple[str, ...]
    replicas: int | None = None
    creds: str | None = None


def parse(url: str) -> Address:
    """Read an address: `nats://one:4222,nats://two:4222?replicas=3&creds=/run/secrets/nats.creds`."""
    servers: list[str] = []
    given: dict[str, str] = {}
    # A password may hold a comma too.
    for part in re.split(r",(?=\s*[a-z]+://)", url or "nats://localhost:4222"):
        address = urlsplit(part.strip())
        given.update(parse_qsl(address.query, keep_blank_values=True))
        servers.append(address._replace(query="", fragment="").geturl())
    replicas, creds = given.pop("replicas", None), given.pop("creds", None)
    if given:
        raise Misconfigured(f"NATS_URL has the parameter {min(given)!r}; known are: creds, replicas")
    if replicas is not None and replicas not in {"1", "2", "3", "4", "5"}:
        raise Misconfigured(f"NATS_URL has replicas={replicas}; allowed: 1 to 5")
    return Address(servers=tuple(servers), replicas=int(replicas) if replicas else None, creds=creds or None)
