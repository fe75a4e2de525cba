"""Which pages may connect, and under which hosts: the check of `Origin` and `Host` in a handshake.

A browser sends the origin of the page that opens a websocket, and a program sends none. A page whose domain
points at this node (DNS rebinding) sends its own domain as both, so only a list of hosts refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

ANY: Final = "*"
_PORTS: Final = {"http": 80, "https": 443}
_SUBDOMAINS: Final = "*."


class HandshakePolicy:
    """The origins and hosts of the settings."""

    __slots__ = ("_hosts", "_origins")

    def __init__(self, origins: Iterable[str] = (), hosts: Iterable[str] = ()) -> None:
        self._origins = tuple(origins)
        self._hosts = tuple(hosts)

    def fault(self, origin: str | None, host: str) -> str | None:
        """Return why a handshake is refused, and the setting that would allow it; None if it is allowed."""
        if self._hosts and not any(_is_host(host, allowed) for allowed in self._hosts):
            return "the host of the request is not in HUBBUB_HOSTS"
        if origin is None or ANY in self._origins:
            return None
        if self._origins:
            is_allowed = any(_matches(origin.rstrip("/").lower(), allowed) for allowed in self._origins)
            return None if is_allowed else "the origin of the page is not in HUBBUB_ORIGINS"
        if _is_same(origin, host):
            return None
        return "the page is from another scheme, host or port: allow its origin in HUBBUB_ORIGINS"


def _is_same(origin: str, host: str) -> bool:
    """Return whether the page is from the host and port of the request, by http or https."""
    page, own = _split(origin), _split(f"//{host}")
    if page is None or own is None or page.hostname is None or page.scheme not in _PORTS:
        return False
    default = _PORTS[page.scheme]
    return page.hostname == own.hostname and (page.port or default) == (own.port or default)


def _is_host(host: str, allowed: str) -> bool:
    """Return whether a host matches an allowed one, which may have a port, and `*.` for all subdomains."""
    own, pattern = _split(f"//{host}"), _split(f"//{allowed}")
    if allowed == ANY:
        return True
    if own is None or pattern is None or pattern.port not in {None, own.port}:
        return False
    return _matches(own.hostname or "", pattern.hostname or "")


def _matches(text: str, pattern: str) -> bool:
    before, star, after = pattern.partition(_SUBDOMAINS)
    if not star:
        return text == pattern
    return text.startswith(before) and text.endswith(f".{after}") and len(text) > len(before) + len(after) + 1


def _split(address: str) -> SplitResult | None:
    """Split an address; None if it is none, or its port is none."""
    try:
        found = urlsplit(address)
        _ = found.port
    except ValueError:
        return None
    return found
