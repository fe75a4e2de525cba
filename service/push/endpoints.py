"""Endpoints of push services. Clients name them, so a node sends to known hosts only (and never follows)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

# Characters of an endpoint. Those of the known services have up to about 500.
MOST_CHARACTERS: Final = 1024
HTTPS: Final = 443
_PRINTABLE: Final = re.compile(r"[!-~]+")
_SUBDOMAINS: Final = "*."


class PushEndpoint(NamedTuple):
    """Where a push for one browser is sent."""

    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """The origin, which a signature is made for."""
        return f"https://{self.authority}"

    @property
    def authority(self) -> str:
        """The host, with the port if that is not usual."""
        return self.host if self.port == HTTPS else f"{self.host}:{self.port}"


def read_endpoint(url: str, hosts: Iterable[str]) -> PushEndpoint:
    """Read an endpoint of one of these hosts.

    Raises:
        ValueError: it is none, or of another host; the message says why.
    """
    if len(url) > MOST_CHARACTERS or not _PRINTABLE.fullmatch(url):
        raise ValueError(f"it is not an address of 1 to {MOST_CHARACTERS} printable ASCII characters")
    try:
        parts = urlsplit(url)
        port = parts.port or HTTPS
    except ValueError:
        raise ValueError("it is not a URL") from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError("only an https:// address without a user and a fragment is allowed")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    endpoint = PushEndpoint(parts.hostname, port, target)
    if not any(_is_host(endpoint, allowed) for allowed in hosts):
        raise ValueError("its host is not in HUBBUB_PUSH_HOSTS of this server")
    return endpoint


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the internet, and not of a private network or this machine."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast


def _is_host(endpoint: PushEndpoint, allowed: str) -> bool:
    """Return whether an endpoint is on a host of the setting; `*.` stands for all subdomains."""
    host, _, port = allowed.partition(":")
    if endpoint.port != int(port or HTTPS):
        return False
    if host.startswith(_SUBDOMAINS):
        return endpoint.host.endswith(host[1:]) and len(endpoint.host) > len(host) - 1
    return endpoint.host == host
