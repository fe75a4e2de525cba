"""The kinds of values: reading one from a variable's text, what is allowed, and how it is printed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final, Generic, TypeAlias, TypeVar
from urllib.parse import urlsplit

Network: TypeAlias = IPv4Network | IPv6Network

T = TypeVar("T")
N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[T]):
    """The values that one setting can have.

    Attributes:
        read: reads a value that is not empty; raises `ValueError` if it is not allowed.
        words: what is allowed; a function, for what is only known at run time.
        show: prints a value in the form in which it would be read.
        quote: prints a wrong value, for the message that refuses it.
        hidden: the value must stay out of logs and tracebacks.
        secret: it must never be printed, not even in part.
        verbatim: spaces around the value belong to it.
        bounds: the least and the most, of a number.
    """

    read: Callable[[str], T]
    words: str | Callable[[], str]
    show: Callable[[T], str] = str
    quote: Callable[[str], str] = repr
    hidden: bool = False
    secret: bool = False
    verbatim: bool = False
    bounds: tuple[float, float] | None = None

    @property
    def allowed(self) -> str:
        """What is allowed, as the end of the sentence "allowed: …"."""
        return self.words() if callable(self.words) else self.words


def whole(least: int, most: int) -> Kind[int]:
    """Take a whole number between two bounds."""
    # Not what int() takes besides: "1_000", "+5", and digits of other scripts.
    return Kind(
        read=lambda value: _within(int(_matching(r"-?[0-9]{1,18}", value)), least, most),
        words=f"a whole number from {least} to {most}",
        bounds=(least, most),
    )


def number(least: float, most: float) -> Kind[float]:
    """Take a number between two bounds, with a point if need be."""
    return Kind(
        read=lambda value: _within(float(_matching(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value)), least, most),
        words=f"a number from {plain(least)} to {plain(most)}",
        show=plain,
        bounds=(least, most),
    )


def choice(options: Callable[[], Iterable[str]]) -> Kind[str]:
    """Take one of a few words, which may be known at run time only."""

    def read(value: str) -> str:
        if value not in options():
            raise ValueError(value)
        return value

    return Kind(read=read, words=lambda: " or ".join(options()))


def one_of(*options: str) -> Kind[str]:
    """Take one of these words."""
    return choice(lambda: options)


def text(form: str = "any text", pattern: str = r".+") -> Kind[str]:
    """Take text that matches a pattern; `form` describes it."""
    return Kind(read=lambda value: _matching(pattern, value), words=form)


def secret(form: str, pattern: str) -> Kind[str]:
    """Take a secret, which is never printed."""
    return Kind(
        read=lambda value: _matching(pattern, value),
        words=form,
        show=lambda value: "(set)" if value else "(not set)",
        quote=lambda _: "(not shown)",
        hidden=True,
        secret=True,
    )


def password() -> Kind[str]:
    """Take a secret of which every character counts, also a space at its end."""
    return replace(secret("any text", r"(?s).+"), verbatim=True)


def address(*schemes: str) -> Kind[str]:
    """Take a URL that may hold a password. Several may be given for a cluster, separated by commas."""

    def read(value: str) -> str:
        for part in _addresses(value):
            url = urlsplit(part.strip())
            if not url.scheme or (url.hostname is None and not url.path) or 0 in _ports(url.netloc):
                raise ValueError(value)
            if schemes and url.scheme not in schemes:
                raise ValueError(value)
        return value

    known = ", ".join(f"{scheme}://" for scheme in schemes)
    return Kind(
        read=read,
        words=f"a URL with {known}" if known else "a URL",
        show=_show_addresses,
        # What is not a URL may be a password that was put in the wrong place.
        quote=lambda value: repr(_show_addresses(value)) if "://" in value else "(not shown)",
        hidden=True,
    )


def _read_origins(value: str) -> tuple[str, ...]:
    origins = tuple(dict.fromkeys(value.lower().replace(",", " ").split()))
    if not origins or (origins != ("*",) and not all(map(_is_origin, origins))):
        raise ValueError(value)
    return origins


def _read_hosts(value: str) -> tuple[str, ...]:
    hosts = tuple(dict.fromkeys(value.lower().replace(",", " ").split()))
    if not hosts or (hosts != ("*",) and not all(_is_origin(f"http://{host}") for host in hosts)):
        raise ValueError(value)
    return hosts


# Hosts that a request may name.
HOSTS: Final = Kind(
    read=_read_hosts,
    words="hosts like chat.example.org, *.example.org or localhost:8000, separated by commas or spaces, or * "
    "for all",
    show=" ".join,
)
# Origins of web pages, as browsers send them.
ORIGINS: Final = Kind(
    read=_read_origins,
    words="origins like https://chat.example.org or https://*.example.org, separated by commas or spaces, "
    "or * for all",
    show=" ".join,
)


def _read_names(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",")))
    if not all(names):
        raise ValueError(value)
    return names


# Names of users.
NAMES: Final = Kind(read=_read_names, words="names of users, separated by commas", show=",".join)


def _read_rooms(value: str) -> tuple[str, ...]:
    patterns = tuple(dict.fromkeys(pattern.strip() for pattern in value.split(",")))
    if not all(patterns) or (NO_ROOMS in patterns and len(patterns) > 1):
        raise ValueError(value)
    return patterns


NO_ROOMS: Final = "none"
# Patterns of room names, as in the claims of tokens.
ROOMS: Final = Kind(
    read=_read_rooms,
    words=f"names of rooms, separated by commas, each also with a * at its end for all with that beginning; "
    f"or {NO_ROOMS}",
    show=",".join,
)


def _read_media_types(value: str) -> tuple[str, ...]:
    types = tuple(dict.fromkeys(value.lower().replace(",", " ").split()))
    if not types or not all(re.fullmatch(_MEDIA_TYPE, each) for each in types):
        raise ValueError(value)
    return types


_MEDIA_TYPE: Final = r"\*|[a-z0-9.+-]{1,60}/(\*|[a-z0-9.+-]{1,60})"
# Media types, as in the header Content-Type.
MEDIA_TYPES: Final = Kind(
    read=_read_media_types,
    words="media types like image/png or image/*, separated by commas or spaces, or * for all",
    show=" ".join,
)


def _read_networks(value: str) -> tuple[Network, ...]:
    return tuple(dict.fromkeys(map(ip_network, value.replace(",", " ").split())))


# Networks of addresses; a single address is one, too.
NETWORKS: Final = Kind(
    read=_read_networks,
    words="addresses and networks like 10.0.0.0/8, separated by commas or spaces",
    show=lambda networks: " ".join(map(str, networks)),
)


def plain(value: float) -> str:
    """Print a number without an exponent, and without a point if it is whole."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _matching(pattern: str, value: str) -> str:
    if not re.fullmatch(pattern, value):
        raise ValueError(value)
    return value


def _within(value: N, least: float, most: float) -> N:
    if not (math.isfinite(value) and least <= value <= most):
        raise ValueError(value)
    return value


def _addresses(value: str) -> list[str]:
    """Split a list at the commas before a scheme: a password may contain a comma."""
    return re.split(r",(?=\s*[a-z+]+://)", value)


def _ports(netloc: str) -> list[int | None]:
    """Find the ports of one host or of several, for sentinels. Raises `ValueError` if one is none."""
    hosts = netloc.rpartition("@")[2].split(",")
    return [urlsplit(f"//{host}").port for host in hosts]


def _show_addresses(value: str) -> str:
    """Hide everything before the `@`, because a NATS token has no user name, and all parameters."""
    parts = _addresses(value) if value else ()
    # A password may contain a comma: then a part is no URL, and begins with the rest of the password.
    some_have_users = "@" in value
    return ",".join(_hide_secrets(part, has_user=some_have_users) for part in parts)


def _hide_secrets(url: str, *, has_user: bool) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or not re.fullmatch(r"\s*[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return "(not shown)"
    # After the host an `@` may be the end of a password that contains a `/`, `?` or `#`.
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest[len(authority) :] or ("@" in rest) != has_user:
        return f"{scheme}://***"
    end = rest[len(authority) :].partition("?")
    host = authority.rpartition("@")[2]
    return f"{scheme}://{'***@' if has_user else ''}{host}{end[0]}{'?***' if end[1] else ''}"


def _is_origin(origin: str) -> bool:
    origin = origin.replace("://*.", "://", 1)
    try:
        url = urlsplit(origin)
        port = url.port
    except ValueError:
        return False
    host = url.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return bool(host) and origin == f"{url.scheme}://{shown}" + (f":{port}" if port else "")
