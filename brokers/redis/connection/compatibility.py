"""Check whether a server can serve hubbub: its version, its configuration and our permissions."""

from __future__ import annotations

from collections.abc import Iterator
from ssl import SSLCertVerificationError, SSLError
from typing import Final, NamedTuple, cast

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    InvalidResponse,
    MasterDownError,
    MovedError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from brokers.errors import Misconfigured, Unavailable
from brokers.redis.connection.client import RedisClient, Reply, describe, pack
from brokers.redis.keyspace import ScratchKeys
from brokers.redis.scripts.library import CHECK_PERMISSIONS, EVICT_ROOM, HISTORY, PUBLISH

_OLDEST: Final = (6, 2)
_SHARDED: Final = (7, 0)
# Errors that may go away without any change of configuration.
_TEMPORARY: Final = (
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    OutOfMemoryError,
    ReadOnlyError,
    TryAgainError,
)
_TEMPORARY_PREFIXES: Final = ("OOM ", "MISCONF ", "NOREPLICAS ", "READONLY ")


class ServerFacts(NamedTuple):
    """What a server reports about itself (INFO)."""

    version: str
    role: str
    identity: str
    in_cluster: bool
    may_evict: str
    on_disk: bool
    replicas: int

    @property
    def can_shard(self) -> bool:
        """Whether the server supports sharded pub/sub."""
        return _numbers(self.version) >= _SHARDED


def read_server_facts(info: bytes) -> ServerFacts:
    """Parse the reply to `INFO`."""
    lines = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    fields = {name: value for name, _, value in lines}
    evicts = (
        fields.get("maxmemory", "0") != "0" and fields.get("maxmemory_policy", "noeviction") != "noeviction"
    )
    return ServerFacts(
        version=fields.get("redis_version", ""),
        role=fields.get("role", ""),
        identity=fields.get("master_replid", ""),
        in_cluster=fields.get("cluster_enabled") == "1",
        may_evict=fields["maxmemory_policy"] if evicts else "",
        on_disk=fields.get("aof_enabled", "1") == "1",
        replicas=int(fields.get("connected_slaves") or 0),
    )


def incompatibility(facts: ServerFacts, *, cluster: bool) -> str:
    """Explain why a server is incompatible; empty if it is compatible."""
    numbers = _numbers(facts.version)
    if numbers and numbers < _OLDEST:
        return f"Redis {facts.version} is too old: hubbub needs 6.2 or newer"
    if facts.role == "slave":
        return "this Redis server is a replica, which is read-only: set the URL of its primary or sentinels"
    if facts.in_cluster and not cluster:
        return "this Redis server is part of a cluster: set a URL like redis+cluster://host:port,host:port"
    return ""


def recommendations(facts: ServerFacts, replicas: int) -> Iterator[str]:
    """Recommend changes to a configuration that works, but risks losing data."""
    if facts.replicas and not replicas:
        yield (
            "an acknowledged message may be lost in a failover, before it was replicated: "
            "replicas=1 in the URL waits for one replica"
        )
    if facts.may_evict:
        yield (
            f"maxmemory-policy is {facts.may_evict}: a Redis that runs out of memory evicts rooms and their "
            "idempotency keys; noeviction makes it reject new messages instead"
        )
    if not facts.on_disk:
        yield "appendonly is no: what was acknowledged since the last snapshot is lost if Redis crashes"


async def check(client: RedisClient, *, cluster: bool) -> ServerFacts:
    """Check that a server is compatible, and load the scripts.

    Raises:
        Unavailable: it can't be reached.
        Misconfigured: the server or the URL has to be changed.
    """
    scripts = (
        pack("SCRIPT", "LOAD", script.text) for script in (PUBLISH, HISTORY, EVICT_ROOM, CHECK_PERMISSIONS)
    )
    try:
        info, *loaded = await client.run(pack("INFO"), *scripts)
    except Unavailable as error:
        raise classify_error(error) from error
    _require_permitted([info, *loaded])
    facts = read_server_facts(cast(bytes, info))
    if fault := incompatibility(facts, cluster=cluster):
        raise Misconfigured(fault)
    return facts


async def check_permissions(client: RedisClient, scratch: ScratchKeys, channel: bytes) -> None:
    """Try every command that hubbub uses, on keys that nothing else uses.

    Raises:
        Unavailable: the server can't be reached.
        Misconfigured: a permission is missing; the message names it.
    """
    shard, count = ("S", "SHARDNUMSUB") if scratch.sharded else ("", "NUMSUB")
    keys, rooms = scratch.keys, scratch.register
    tried, *replies = await client.run(
        pack("EVAL", CHECK_PERMISSIONS.text, 3, *keys, scratch.channel, f"{shard}PUBLISH", count),
        pack("EVALSHA", HISTORY.digest, 2, *keys[:2], "+", 0, 1, 1, 0, 0),
        pack("ZADD", rooms, 0, ""),
        pack("ZCARD", rooms),
        pack("ZRANGE", rooms, 0, 0),
        pack("ZREM", rooms, ""),
        pack("DEL", keys[0], rooms),
        pack(f"{shard}PUBLISH", channel, ""),
        pack(f"{shard}SUBSCRIBE", channel),
        pack(f"{shard}UNSUBSCRIBE", channel),
    )
    refused = cast(list[bytes], tried) if isinstance(tried, list) else []
    _require_permitted([tried, *(ResponseError(text.decode(errors="replace")) for text in refused), *replies])


def _require_permitted(replies: list[Reply]) -> None:
    for reply in replies:
        if isinstance(reply, ResponseError) and not _is_temporary(reply):
            raise Misconfigured(
                f"Redis denies what hubbub needs: {describe(reply)}. Grant its user the commands, keys and "
                "channels that docs/operations.md lists"
            )


def _is_temporary(error: ResponseError) -> bool:
    return isinstance(error, _TEMPORARY) or any(mark in str(error) for mark in _TEMPORARY_PREFIXES)


def classify_error(error: Unavailable) -> Misconfigured | Unavailable:
    """Distinguish configuration errors from outages, which may end without a change."""
    for cause in _causes(error):
        if isinstance(cause, SSLCertVerificationError):
            return Misconfigured(f"the certificate of Redis is not trusted: {describe(cause)}")
        if isinstance(cause, SSLError):
            return Misconfigured(f"the TLS handshake with Redis failed: {describe(cause)}")
        if isinstance(cause, InvalidResponse):
            return Misconfigured(f"the server does not speak the Redis protocol: {describe(cause)}")
        if isinstance(cause, AuthenticationError | NoPermissionError):
            return Misconfigured(f"Redis denies access: {describe(cause)}")
    return error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Iterate over an error and its causes: redis-py wraps errors that occur while it connects."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
