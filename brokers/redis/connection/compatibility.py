"""Whether a server can serve hubbub: what it says of itself, and what it lets us do."""

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
from brokers.redis.scripts.library import CHECK_PERMISSIONS, EVICT_ROOM, HISTORY, PUBLISH

_OLDEST: Final = (6, 2)
_SHARDED: Final = (7, 0)
# What Redis answers where it understands us and lets us, but can't just now.
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
    """What a server says of itself."""

    version: str
    role: str
    identity: str
    in_cluster: bool
    may_evict: str
    on_disk: bool
    replicas: int

    @property
    def can_shard(self) -> bool:
        """Whether it knows channels that belong to one shard."""
        return _numbers(self.version) >= _SHARDED


def read_server_facts(info: bytes) -> ServerFacts:
    """Read what `INFO` answered."""
    lines = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    told = {name: value for name, _, value in lines}
    evicts = told.get("maxmemory", "0") != "0" and told.get("maxmemory_policy", "noeviction") != "noeviction"
    return ServerFacts(
        version=told.get("redis_version", ""),
        role=told.get("role", ""),
        identity=told.get("master_replid", ""),
        in_cluster=told.get("cluster_enabled") == "1",
        may_evict=told["maxmemory_policy"] if evicts else "",
        on_disk=told.get("aof_enabled", "1") == "1",
        replicas=int(told.get("connected_slaves") or 0),
    )


def incompatibility(facts: ServerFacts, *, cluster: bool) -> str:
    """Tell from what a server says of itself why it can't serve us; nothing if it can."""
    numbers = _numbers(facts.version)
    if numbers and numbers < _OLDEST:
        return f"this is Redis {facts.version}; hubbub needs 6.2 or newer"
    if facts.role == "slave":
        return (
            "this Redis is a replica, which stores nothing: give the address of its primary, or of sentinels"
        )
    if facts.in_cluster and not cluster:
        return "this Redis is part of a cluster: give an address like redis+cluster://host:port,host:port"
    return ""


def recommendations(facts: ServerFacts, replicas: int) -> Iterator[str]:
    """Tell what an operator may want to change, though it works as it is."""
    if facts.replicas and not replicas:
        yield (
            "what is acknowledged may not have reached a replica, and is lost if one takes over then: "
            "replicas=1 in the address waits for one"
        )
    if facts.may_evict:
        yield (
            f"maxmemory-policy is {facts.may_evict}: a Redis that runs out of memory forgets rooms, their "
            "order and their keys; noeviction lets it refuse new messages instead"
        )
    if not facts.on_disk:
        yield "appendonly is no: what was acknowledged since the last snapshot is lost if Redis dies"


async def check(link: RedisClient, *, cluster: bool) -> ServerFacts:
    """Find out whether a server can serve us, and hand it our scripts.

    Raises:
        Unavailable: it can't be reached.
        Misconfigured: it can, but something has to be changed there or in its address.
    """
    scripts = (pack("SCRIPT", "LOAD", script.text) for script in (PUBLISH, HISTORY, EVICT_ROOM))
    try:
        info, *loaded = await link.run(pack("INFO"), *scripts)
    except Unavailable as error:
        raise classify_error(error) from error
    _require_permitted([info, *loaded])
    facts = read_server_facts(cast(bytes, info))
    if fault := incompatibility(facts, cluster=cluster):
        raise Misconfigured(fault)
    return facts


async def check_permissions(link: RedisClient, scratch: str, channel: bytes, *, sharded: bool) -> None:
    """Try on keys that nobody uses whatever we'll ask for.

    Raises:
        Unavailable: the server can't be reached.
        Misconfigured: it doesn't let us; the message says what is missing.
    """
    shard, count = ("S", "SHARDNUMSUB") if sharded else ("", "NUMSUB")
    keys = [f"{scratch}{kind}" for kind in ("hash", "stream", "key")]
    rooms = f"{scratch}rooms"
    tried, *replies = await link.run(
        pack("EVAL", CHECK_PERMISSIONS.text, 3, *keys, channel, f"{shard}PUBLISH", count),
        pack("EVALSHA", HISTORY.digest, 2, *keys[:2], "+", 0, 1, 1, 0),
        pack("HSETNX", keys[0], "e", ""),
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
                f"Redis refuses what hubbub needs: {describe(reply)}. Its user needs the commands, keys and "
                "channels that docs/operations.md lists"
            )


def _is_temporary(error: ResponseError) -> bool:
    return isinstance(error, _TEMPORARY) or any(mark in str(error) for mark in _TEMPORARY_PREFIXES)


def classify_error(error: Unavailable) -> Misconfigured | Unavailable:
    """Tell apart what time may mend and what somebody has to change."""
    for cause in _causes(error):
        if isinstance(cause, SSLCertVerificationError):
            return Misconfigured(f"the certificate of Redis is not trusted: {describe(cause)}")
        if isinstance(cause, SSLError):
            return Misconfigured(f"Redis does not speak TLS with us: {describe(cause)}")
        if isinstance(cause, InvalidResponse):
            return Misconfigured(f"what answers there is no Redis: {describe(cause)}")
        if isinstance(cause, AuthenticationError | NoPermissionError):
            return Misconfigured(f"Redis does not let us in: {describe(cause)}")
    return error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """List an error and its causes: the client wraps what went wrong while it connected."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
