"""NATS_URL: one or several servers, and what only NATS can be told, as parameters of any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from brokers.errors import Misconfigured

_PARAMETERS: Final = ("ca", "cert", "creds", "key", "nkey", "replicas")


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsUrl:
    """Where NATS is, and how to use it.

    Attributes:
        servers: URLs without user and parameters.
        replicas: on how many servers each entry is stored; None leaves it as it is, 1 for a new stream.
        user: who we are, with `password`; alone it's a token.
        creds: the path of a credentials file (a JWT and its key).
        nkey: the path of a file that holds the seed of an nkey.
        ca: the path of the certificates that servers are checked against, if not those of the system.
        cert: the path of our own certificate, with its key in it or in `key`.
    """

    servers: tuple[str, ...]
    replicas: int | None = None
    user: str = ""
    password: str | None = field(default=None, repr=False)
    creds: str = ""
    nkey: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""

    @property
    def encrypted(self) -> bool:
        """Whether nothing may go out that isn't encrypted."""
        return any(server.startswith(("tls:", "wss:")) for server in self.servers) or bool(
            self.ca or self.cert
        )


def parse_url(url: str) -> NatsUrl:
    """Read an address: `nats://ann:secret@one:4222,nats://two:4222?replicas=3&ca=/run/ca.pem`.

    Raises:
        Misconfigured: it can't be understood; the message says what is allowed.
    """
    # A password may hold a comma too.
    parts = re.split(r",(?=\s*[a-z]+://)", url or "nats://localhost:4222")
    addresses = [urlsplit(part.strip()) for part in parts]
    given: dict[str, str] = {}
    for address in addresses:
        given.update(parse_qsl(address.query, keep_blank_values=True))
    replicas = _check(given)
    user, password = _user(addresses)
    if len({address.scheme in {"ws", "wss"} for address in addresses}) > 1:
        raise Misconfigured("NATS_URL names servers with and without websockets: it's one or the other")
    return NatsUrl(
        servers=tuple(_server(address) for address in addresses),
        replicas=replicas,
        user=user,
        password=password,
        **{name: value for name, value in given.items() if value},
    )


def _check(given: dict[str, str]) -> int | None:
    unknown = sorted(given.keys() - set(_PARAMETERS))
    if unknown:
        known = ", ".join(_PARAMETERS)
        raise Misconfigured(f"NATS_URL has the parameter {unknown[0]!r}; known are: {known}")
    if given.get("key") and not given.get("cert"):
        raise Misconfigured("NATS_URL has a key without a cert that it belongs to")
    if given.get("creds") and given.get("nkey"):
        raise Misconfigured("NATS_URL has creds and nkey: it's one or the other")
    replicas = given.pop("replicas", None)
    if replicas is not None and replicas not in {"1", "2", "3", "4", "5"}:
        raise Misconfigured(f"NATS_URL has replicas={replicas}; allowed: 1 to 5")
    return int(replicas) if replicas else None


def _user(addresses: list[SplitResult]) -> tuple[str, str | None]:
    """Find the user, whom all servers of a cluster know: also those that we only hear of."""
    users = {(address.username, address.password) for address in addresses if address.username}
    if len(users) > 1:
        raise Misconfigured("NATS_URL has several users: the servers of a cluster share theirs")
    for name, password in users:
        return unquote(name or ""), None if password is None else unquote(password)
    return "", None


def _server(address: SplitResult) -> str:
    host = address.netloc.rpartition("@")[2]
    return address._replace(netloc=host, query="", fragment="").geturl()
