"""From a URL to a pool of connections: the only module that knows where Redis can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from redis.asyncio import Connection, ConnectionPool, Sentinel, SentinelConnectionPool, SSLConnection
from redis.asyncio.connection import UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from brokers.errors import Misconfigured

Wire: TypeAlias = Connection | SSLConnection | UnixDomainSocketConnection
Pool: TypeAlias = ConnectionPool

DEFAULT: Final = "redis://localhost:6379/0"
_SENTINEL_PORT: Final = 26379


def open_pool(url: str, timeout: float) -> Pool:
    """Make a pool that connects when it's asked to.

    Raises:
        Misconfigured: nothing of that kind is known here.
    """
    scheme = url.partition("://")[0]
    if scheme not in _OPENERS:
        raise Misconfigured(
            f"an address that begins with {scheme[:20]!r} is none of Redis; those known are "
            f"{', '.join(f'{known}://' for known in _OPENERS)}"
        )
    try:
        pool = _OPENERS[scheme](url, timeout)
    except ValueError as error:
        raise Misconfigured(f"the address of Redis can't be understood: {error}") from None
    # What we rely on goes before what the address asks for: replies are bytes, nothing is tried again unseen.
    pool.connection_kwargs.update(
        protocol=2,
        decode_responses=False,
        health_check_interval=0,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=timeout,
    )
    return pool


async def close_pool(pool: Pool) -> None:
    """Close all connections, those to sentinels as well."""
    await pool.disconnect()
    if isinstance(pool, SentinelConnectionPool):
        for sentinel in pool.sentinel_manager.sentinels:
            await sentinel.aclose()


def database(pool: Pool) -> int:
    """Tell which database the connections of a pool select."""
    return int(pool.connection_kwargs.get("db") or 0)


def _one_server(url: str, _timeout: float) -> Pool:
    keep = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return ConnectionPool.from_url(url, client_name="hubbub", **keep)


def _sentinel(url: str, timeout: float) -> Pool:
    """Read `redis+sentinel://[user:password@]host[:port][,host[:port]...]/service[/database]`.

    The credentials are those of Redis; those of the sentinels follow as `?sentinel_username=` and
    `&sentinel_password=`. `&tls=1` encrypts both.
    """
    parts = urlsplit(url)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    if not (hosts and service):
        raise ValueError("redis+sentinel:// is followed by host:port,host:port/service/database")
    asked = dict(parse_qsl(parts.query))
    tls = asked.get("tls") == "1"
    sentinel = Sentinel(  # type: ignore[no-untyped-call]
        [_host(host) for host in hosts.split(",")],
        sentinel_kwargs={
            "username": asked.get("sentinel_username"),
            "password": asked.get("sentinel_password"),
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "ssl": tls,
            "retry": Retry(NoBackoff(), 0),
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
    )


def _host(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("a sentinel is named by host:port")
    return parts.hostname, parts.port or _SENTINEL_PORT


_OPENERS: Final[dict[str, Callable[[str, float], Pool]]] = {
    "redis": _one_server,
    "rediss": _one_server,
    "unix": _one_server,
    "redis+sentinel": _sentinel,
}
