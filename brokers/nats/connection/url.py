"""Parse NATS_URL: one or several servers, and NATS settings as query parameters of any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from brokers.base import BrokerOptions
from brokers.errors import Misconfigured

# Nothing is quoted: what looks like a host may be the beginning of a password.
_UNREADABLE: Final = (
    "NATS_URL can't be read. Percent-encode the user and the password in it (`/` is %2F), or set NATS_USER "
    "and NATS_PASSWORD, or NATS_TOKEN, which take any characters"
)
_PARAMETERS: Final = ("ca", "cert", "creds", "key", "nkey", "replicas")


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsUrl:
    """A parsed NATS_URL.

    Attributes:
        servers: URLs without user and parameters.
        replicas: servers that store each entry; None keeps the current number, 1 for a new stream.
        user: the user, with `password`; without one in the URL it is a token.
        creds: path of a credentials file (a JWT and its key).
        nkey: path of a file with the seed of an nkey.
        ca: path of the CA certificates that servers are verified with; the system's if empty.
        cert: path of the client certificate; its key is in the same file or in `key`.
    """

    servers: tuple[str, ...]
    replicas: int | None = None
    user: str = field(default="", repr=False)  # it may be a token
    password: str | None = field(default=None, repr=False)
    creds: str = ""
    nkey: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""

    @property
    def encrypted(self) -> bool:
        """Whether TLS is required."""
        return any(server.startswith(("tls:", "wss:")) for server in self.servers) or bool(
            self.ca or self.cert
        )


def parse_url(url: str) -> NatsUrl:
    """Parse a URL: `nats://ann:secret@one:4222,nats://two:4222?replicas=3&ca=/run/ca.pem`.

    Raises:
        Misconfigured: it is invalid; the message says what is allowed.
    """
    addresses = _addresses(url or "nats://localhost:4222")
    given: dict[str, str] = {}
    for address in addresses:
        given.update(parse_qsl(address.query, keep_blank_values=True))
    replicas = _check(given)
    user, password = _user(addresses)
    if len({address.scheme in {"ws", "wss"} for address in addresses}) > 1:
        raise Misconfigured("NATS_URL mixes servers with and without websockets: use one kind")
    return NatsUrl(
        servers=tuple(_server(address) for address in addresses),
        replicas=replicas,
        user=user,
        password=password,
        **{name: value for name, value in given.items() if value},
    )


def _addresses(url: str) -> list[SplitResult]:
    try:
        # A password may contain a comma.
        addresses = [urlsplit(part.strip()) for part in re.split(r",(?=\s*[a-z]+://)", url)]
    except ValueError:
        raise Misconfigured(_UNREADABLE) from None
    if any("@" in address.path + address.query + address.fragment for address in addresses):
        raise Misconfigured(_UNREADABLE)
    return addresses


def sign_in(address: NatsUrl, options: BrokerOptions) -> NatsUrl:
    """Replace who the URL names by the user and password, or the token, of the options.

    Raises:
        Misconfigured: they contradict each other; the message repeats nothing of them.
    """
    if options.token and (options.user or options.password):
        raise Misconfigured("NATS_TOKEN is set beside NATS_USER or NATS_PASSWORD: set one of them")
    if options.token:
        return replace(address, user=options.token, password=None)
    if options.user:
        return replace(address, user=options.user, password=options.password or address.password or "")
    if not options.password:
        return address
    if not address.user:
        raise Misconfigured("NATS_PASSWORD is set without NATS_USER: set both, or NATS_TOKEN")
    return replace(address, password=options.password)


def _check(given: dict[str, str]) -> int | None:
    unknown = sorted(given.keys() - set(_PARAMETERS))
    if unknown:
        known = ", ".join(_PARAMETERS)
        raise Misconfigured(f"NATS_URL has the unknown parameter {unknown[0]!r}; allowed are: {known}")
    if given.get("key") and not given.get("cert"):
        raise Misconfigured("NATS_URL has key= without cert=: set both")
    if given.get("creds") and given.get("nkey"):
        raise Misconfigured("NATS_URL has creds= and nkey=: set one of them")
    replicas = given.pop("replicas", None)
    if replicas is not None and replicas not in {"1", "2", "3", "4", "5"}:
        raise Misconfigured(f"NATS_URL has replicas={replicas}; allowed are 1 to 5")
    return int(replicas) if replicas else None


def _user(addresses: list[SplitResult]) -> tuple[str, str | None]:
    """Find the user. All servers of a cluster share it, including those discovered later."""
    users = {(address.username, address.password) for address in addresses if address.username}
    if len(users) > 1:
        raise Misconfigured("NATS_URL has several users: the servers of a cluster share one")
    for name, password in users:
        return unquote(name or ""), None if password is None else unquote(password)
    return "", None


def _server(address: SplitResult) -> str:
    host = address.netloc.rpartition("@")[2]
    return address._replace(netloc=host, query="", fragment="").geturl()
