"""The address of a client: that of its socket, or the one that a trusted proxy reports."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple, Protocol, TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

_UNKNOWN: Final = "unknown"
# The host part of an IPv6 address: one customer has all of it.
_HOST_BITS: Final = 64
_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?")
_FOR: Final = re.compile(r"(?:^|;)\s*for=\"?([^\";]*)\"?\s*(?:;|$)", re.IGNORECASE)

_log: Final = logging.getLogger(__name__)


class Forwarded(NamedTuple):
    """The headers in which a proxy reports its client: X-Forwarded-For, and Forwarded (RFC 7239)."""

    x_forwarded_for: str = ""
    forwarded: str = ""


NOT_FORWARDED: Final = Forwarded()


class Headers(Protocol):
    """The headers of a request, of which one may occur several times."""

    def getall(self, key: str, default: list[str], /) -> list[str]:
        """Return all values of a header."""


class Request(Protocol):
    """What is needed of a request."""

    @property
    def ip(self) -> str:
        """The address of the socket."""

    @property
    def headers(self) -> Headers:
        """The headers."""


class Addresses:
    """Finds the addresses of clients behind `proxies`, in the form in which they are limited.

    That is an IPv4 address, or the first 64 bits of an IPv6 address.
    """

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = tuple(proxies)
        self._ignored = False

    def find(self, peer: str, headers: Forwarded = NOT_FORWARDED) -> str:
        """Return the address of a client, by the address of its socket and the headers of its request."""
        if headers is NOT_FORWARDED:
            return _limited_peer(peer)
        address = _parse(peer)
        if headers == NOT_FORWARDED or address is None:
            return _limited_peer(peer)
        if not self.is_proxy(peer):
            self._report_ignored(peer)
            return _limited(address)
        # The last one was added by the proxy that is connected, the one before by the proxy before it.
        for each in reversed(_hops(headers)):
            found = _parse(each)
            if found is None:
                break
            address = found
            if not self._trusts(found):
                break
        return _limited(address)

    def is_proxy(self, peer: str) -> bool:
        """Return whether a socket's address is that of a trusted proxy."""
        address = _parse(peer) if self._proxies else None
        return address is not None and self._trusts(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)

    def _report_ignored(self, peer: str) -> None:
        if not self._ignored:
            self._ignored = True
            _log.warning(
                "forwarded_address_ignored",
                extra={"peer": peer, "advice": "list it in HUBBUB_TRUSTED_PROXIES"},
            )


def limited_form(text: str) -> str | None:
    """Return an address in the form in which it is limited; None if it is no address.

    It may be in that form already.
    """
    address = _parse(text.removesuffix(f"/{_HOST_BITS}"))
    return None if address is None else _limited(address)


def client_address(addresses: Addresses, request: Request) -> str:
    """Return the address of the client of a request."""
    custom, standard = (
        ", ".join(request.headers.getall(name, [])) for name in ("x-forwarded-for", "forwarded")
    )
    return addresses.find(request.ip, Forwarded(custom, standard))


def _hops(headers: Forwarded) -> list[str]:
    """Return the addresses that proxies reported, the last proxy's last. One header is read, not both."""
    if headers.x_forwarded_for:
        return [_without_port(part) for part in headers.x_forwarded_for.split(",")]
    found = (_FOR.search(part.strip()) for part in headers.forwarded.split(","))
    return [_without_port(match[1]) if match else "" for match in found]


def _without_port(text: str) -> str:
    found = _PORT.fullmatch(text.strip())
    return (found[1] or found[2]) if found else text.strip()


@lru_cache(maxsize=4096)
def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def _limited_peer(text: str) -> str:
    """Return the limited form of a socket's address: two calls for each connection, so it is remembered."""
    return _limited(_parse(text))


def _limited(address: Address | None) -> str:
    if address is None:
        return _UNKNOWN
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> _HOST_BITS << _HOST_BITS, _HOST_BITS)))
