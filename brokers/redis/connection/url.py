"""Parse the URL of Redis into connection pools."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import Connection, ConnectionPool, Sentinel, SentinelConnectionPool, SSLConnection
from redis.asyncio.connection import UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from typing_extensions import override

from brokers.base import BrokerOptions
from brokers.errors import Misconfigured

Wire: TypeAlias = Connection | SSLConnection | UnixDomainSocketConnection
Pool: TypeAlias = ConnectionPool

DEFAULT: Final = "redis://localhost:6379/0"
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_CLUSTERS: Final = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
_ENCODE: Final = (
    "Set user and password as REDIS_USER and REDIS_PASSWORD, where every character is allowed, or "
    "percent-encode them in the URL: %2F for /, %3F for ?, %23 for #, %40 for @, %25 for %"
)
# Parameters of the URL that redis-py does not know.
_OWN: Final = ("replicas", "idle")
_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


class ServerAddress(NamedTuple):
    """Host and port of a server in a cluster."""

    host: str
    port: int

    @override
    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSettings:
    """Settings that hold for all connections.

    Attributes:
        timeout: seconds that a call may take.
        replicas: how many replicas must have an entry before it is acknowledged.
        idle: seconds after which an unused connection may be dead although it looks open: Redis closes idle
            ones (`timeout`), and a middlebox forgets them and drops what is sent on them.
        cluster: whether Redis is a cluster.
    """

    timeout: float
    replicas: int = 0
    idle: float = 5.0
    cluster: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisUrl:
    """A parsed URL: how to open connection pools.

    Attributes:
        seeds: servers of a cluster that are asked first; empty without a cluster.
        database: number of the database.
        open: makes a pool for a server of a cluster, or, given None, for the server of the URL.
    """

    settings: RedisSettings
    seeds: tuple[ServerAddress, ...]
    database: int
    open: Callable[[ServerAddress | None], Pool]


class InvalidUrl(ValueError):
    """The URL can't be used. The message says why, and holds no part of a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """User and password that were handed over apart from the URL, and how long a connect may take."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    timeout: float


def parse_options(options: BrokerOptions) -> RedisUrl:
    """Parse the URL of Redis, and add user and password, if they are handed over apart from it.

    Raises:
        Misconfigured: the URL is invalid; the message says what is allowed.
    """
    return parse_url(options.url or DEFAULT, options.timeout, user=options.user, password=options.password)


def parse_url(url: str, timeout: float, *, user: str = "", password: str = "") -> RedisUrl:
    """Parse the URL of Redis, without connecting.

    Raises:
        Misconfigured: the URL is invalid; the message says what is allowed.
    """
    scheme, separator, _ = url.partition("://")
    if scheme not in (*_OPENERS, *_CLUSTERS):
        known = ", ".join(f"{known}://" for known in (*_OPENERS, *_CLUSTERS))
        # What is no URL may be a password that was put in the wrong place.
        named = repr(scheme[:20]) if separator and scheme.isalpha() else "(not shown)"
        raise Misconfigured(f"unknown scheme {named} in the URL of Redis; allowed are {known}")
    try:
        _require_readable(url)
        return _redis_url(scheme, url, Login(user=user, password=password, timeout=timeout))
    except InvalidUrl as error:
        raise Misconfigured(f"invalid URL of Redis: {error}") from None
    except (ValueError, TypeError, RedisError):
        # Messages of libraries quote what they can't parse, which may be a part of a password.
        raise Misconfigured(
            f"invalid URL of Redis: expected {scheme}://host:port/database. {_ENCODE}"
        ) from None


def _require_readable(url: str) -> None:
    """Reject a URL of which a part of the password would be taken for a host, a path or a parameter."""
    if any(not character.isprintable() for character in url):
        raise InvalidUrl(f"it contains a control character. {_ENCODE}")
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    # The path of a socket file may contain an @.
    if "@" in rest[len(authority) :] and (authority or not url.startswith("unix:")):
        raise InvalidUrl(f"an @ follows after a /, ? or #. {_ENCODE}")


async def close_pool(pool: Pool) -> None:
    """Close all connections of a pool, including those to sentinels."""
    await pool.disconnect()
    if isinstance(pool, SentinelConnectionPool):
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def _redis_url(scheme: str, url: str, login: Login) -> RedisUrl:
    url, own = _split_parameters(url)
    settings = RedisSettings(
        timeout=login.timeout,
        replicas=_whole_number("replicas", own.get("replicas", "0")),
        idle=_whole_number("idle", own.get("idle", "5")),
        cluster=scheme in _CLUSTERS,
    )
    if not settings.cluster:
        number = _pool(scheme, url, login).connection_kwargs.get("db")
        return RedisUrl(
            settings=settings, seeds=(), database=int(number or 0), open=lambda _: _pool(scheme, url, login)
        )
    parts = urlsplit(url)
    before_at, _, hosts = parts.netloc.rpartition("@")
    if parts.path.strip("/") not in {"", "0"}:
        raise InvalidUrl("a cluster has only database 0")
    one = _CLUSTERS[scheme]
    before, after = f"{one}://{before_at}{'@' if before_at else ''}", f"/0?{parts.query}"
    seeds = tuple(ServerAddress(*_host(host, _PORT)) for host in hosts.split(","))

    def open_one(address: ServerAddress | None) -> Pool:
        return _pool(one, f"{before}{address or seeds[0]}{after}", login)

    open_one(None)  # validates the URL now
    return RedisUrl(settings=settings, seeds=seeds, database=0, open=open_one)


def _split_parameters(url: str) -> tuple[str, dict[str, str]]:
    """Return the URL for redis-py, and the parameters that only the broker knows."""
    before, _, query = url.partition("?")
    asked = dict(parse_qsl(query))
    own: dict[str, str] = {name: asked.pop(name) for name in _OWN if name in asked}
    return (f"{before}?{urlencode(asked)}" if asked else before), own


def _whole_number(name: str, value: str) -> int:
    if not value.isdecimal():
        raise InvalidUrl(f"{name}={value[:20]} is not a number")
    return int(value)


def _pool(scheme: str, url: str, login: Login) -> Pool:
    """Make a pool that connects on demand."""
    pool = _OPENERS[scheme](url, login.timeout)
    apart = {"username": login.user, "password": login.password}
    pool.connection_kwargs.update({name: value for name, value in apart.items() if value})
    # The broker relies on these, so they override the URL: replies are bytes, and no hidden retries.
    pool.connection_kwargs.update(
        protocol=2,
        decode_responses=False,
        health_check_interval=0,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=login.timeout,
    )
    for name in _FILES:
        if (path := pool.connection_kwargs.get(name)) and not Path(path).is_file():
            raise InvalidUrl(f"{name}={path}: no such file")
    try:
        pool.connection_class(**pool.connection_kwargs)
    except TypeError as error:
        raise InvalidUrl(f"unknown option: {str(error).rpartition(' ')[2]}") from None
    return pool


def _one_server(url: str, _timeout: float) -> Pool:
    keep = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return ConnectionPool.from_url(url, client_name="hubbub", **keep)


def _sentinel(url: str, timeout: float) -> Pool:
    """Open a pool for `redis+sentinel://[user:password@]host[:port][,host[:port]...]/service[/database]`.

    The credentials are those of Redis. Those of the sentinels are `?sentinel_username=` and
    `&sentinel_password=`. `&tls=1` encrypts both, with certificates as for `rediss://` (`&ssl_ca_certs=`).
    """
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    if not (hosts and service):
        raise InvalidUrl("expected redis+sentinel://host:port,host:port/service/database")
    asked = dict(parse_qsl(parts.query))
    tls = asked.get("tls") == "1"
    both = {name: value for name, value in asked.items() if tls and name.startswith("ssl_")}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        [_host(host, _SENTINEL_PORT) for host in hosts.split(",")],
        sentinel_kwargs={
            "username": asked.get("sentinel_username"),
            "password": asked.get("sentinel_password"),
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "ssl": tls,
            "retry": Retry(NoBackoff(), 0),
            **both,
        },
    )
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        unquote(service),
        sentinel,
        ssl=tls,
        db=int(database or 0),
        username=unquote(user) or None,
        password=unquote(password) or None,
        client_name="hubbub",
        socket_keepalive=True,
        **both,
    )


def _host(text: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise InvalidUrl("expected host:port for each server")
    return parts.hostname, parts.port or port


_OPENERS: Final[dict[str, Callable[[str, float], Pool]]] = {
    "redis": _one_server,
    "rediss": _one_server,
    "unix": _one_server,
    "redis+sentinel": _sentinel,
}
