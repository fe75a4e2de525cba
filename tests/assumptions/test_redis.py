"""redis-py and hiredis: connections used without their clients, and pools whose arguments are changed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.assumptions.claims import assumes
from tests.assumptions.places import (
    REDIS_ADDRESS,
    REDIS_CHECK,
    REDIS_CLIENT,
    REDIS_PUBLISH_CONNECTION,
    REDIS_SHARDS,
    REDIS_SLOTS,
)
from tests.contract.redis_server import shared_redis


async def _pool(**changed: object) -> Any:
    from redis.asyncio import ConnectionPool

    await asyncio.to_thread(shared_redis)
    pool = ConnectionPool.from_url(shared_redis().url)
    pool.connection_kwargs.update(protocol=2, **changed)
    return pool


@asynccontextmanager
async def _wire(**changed: object) -> AsyncIterator[Any]:
    pool = await _pool(**changed)
    wire = await pool.get_connection()
    try:
        yield wire
    finally:
        await pool.release(wire)
        await pool.disconnect()


@assumes(
    "hiredis",
    "pack_command",
    where=REDIS_CLIENT,
    breaks="no command can be made",
)
def test_pack_command_takes_a_tuple_of_texts_bytes_and_numbers() -> None:
    """`pack_command` makes one command of a tuple of any length, of str, bytes, int and float."""
    import hiredis

    packed = hiredis.pack_command(("SET", b"\xff", 1, 2.5))  # type: ignore[arg-type]
    assert packed == b"*4\r\n$3\r\nSET\r\n$1\r\n\xff\r\n$1\r\n1\r\n$3\r\n2.5\r\n"


@assumes(
    "redis",
    "connection.DefaultParser",
    "AbstractConnection(protocol=2)",
    where=REDIS_CLIENT,
    breaks="replies are read in Python, at several times the cost, or have other types (RESP3)",
)
async def test_replies_are_read_by_hiredis_as_bytes() -> None:
    """Where hiredis is installed, connections use its reader, and with protocol=2 replies are bytes, int,
    None and lists of them.
    """
    from redis.asyncio import connection

    assert connection.DefaultParser is connection._AsyncHiredisParser
    async with _wire() as wire:
        await wire.send_packed_command(
            b"*3\r\n$4\r\nEVAL\r\n$29\r\nreturn {1, 'a', false, {'b'}}\r\n$1\r\n0\r\n", check_health=False
        )
        assert await wire.read_response(timeout=math.inf) == [1, b"a", None, [b"b"]]


@assumes(
    "redis",
    "AbstractConnection.send_packed_command",
    where=REDIS_CLIENT,
    breaks="commands are written one by one, or a connection is checked ahead of each",
)
async def test_commands_in_one_piece_are_written_as_they_are() -> None:
    """`send_packed_command(bytes, check_health=False)` writes just these bytes, be they several commands."""
    ping = b"*1\r\n$4\r\nPING\r\n"
    async with _wire() as wire:
        await wire.send_packed_command(ping * 2, check_health=False)
        assert [await wire.read_response(timeout=math.inf) for _ in range(2)] == [b"PONG"] * 2


@assumes(
    "redis",
    "AbstractConnection.read_response(timeout, disconnect_on_error)",
    where=REDIS_CLIENT,
    breaks="a quiet listener loses its connection, or one refused command costs all others their replies",
)
async def test_read_response_waits_without_limit_and_survives_an_error() -> None:
    """`read_response(timeout=math.inf, disconnect_on_error=False)` ignores `socket_timeout`, raises an error
    reply as the kind of ResponseError that it is, and leaves the connection as it was.
    """
    from redis.exceptions import NoScriptError

    blocked = b"*3\r\n$5\r\nBLPOP\r\n$7\r\nnothing\r\n$4\r\n0.05\r\n"
    refused = b"*3\r\n$7\r\nEVALSHA\r\n$4\r\nabcd\r\n$1\r\n0\r\n"
    async with _wire() as wire:
        wire.socket_timeout = 0.001  # from now on: connecting waits for answers too
        await wire.send_packed_command(blocked + refused + b"*1\r\n$4\r\nPING\r\n", check_health=False)
        assert await wire.read_response(timeout=math.inf, disconnect_on_error=False) is None
        with pytest.raises(NoScriptError):
            await wire.read_response(timeout=math.inf, disconnect_on_error=False)
        assert await wire.read_response(timeout=math.inf, disconnect_on_error=False) == b"PONG"


@assumes(
    "redis",
    "ConnectionPool.connection_kwargs",
    "ConnectionPool.connection_class",
    where=REDIS_ADDRESS,
    breaks="a failed command is sent again unseen, and options of an address aren't checked at the start",
)
async def test_what_is_changed_in_connection_kwargs_holds_for_the_connections_of_a_pool() -> None:
    """`connection_kwargs` is the dict that new connections are made from, by `connection_class(**…)`, which
    connects nothing and raises TypeError with the name of an unknown option at its end.
    """
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    retry = Retry(NoBackoff(), 0)
    async with _wire(retry=retry, health_check_interval=0, socket_timeout=None) as wire:
        assert wire.socket_timeout is None
        assert wire.health_check_interval == 0
        assert wire.retry._retries == 0
    pool = await _pool(nonsense=1)
    with pytest.raises(TypeError, match=r" 'nonsense'$"):
        pool.connection_class(**pool.connection_kwargs)


@assumes(
    "redis",
    "SentinelConnectionPool.sentinel_manager",
    "Sentinel.sentinels",
    where=REDIS_ADDRESS,
    breaks="connections to sentinels stay open when a broker is closed",
)
async def test_a_pool_of_sentinels_names_their_clients() -> None:
    """`SentinelConnectionPool.sentinel_manager.sentinels` are clients, each with `aclose`."""
    from redis.asyncio import Redis, Sentinel, SentinelConnectionPool

    sentinel = Sentinel([("127.0.0.1", 1)])
    pool = SentinelConnectionPool("service", sentinel)
    [client] = pool.sentinel_manager.sentinels
    assert isinstance(client, Redis)
    await client.aclose()


@assumes(
    "redis",
    "AbstractConnection.can_read",
    where=REDIS_PUBLISH_CONNECTION,
    breaks="a message is published on a connection that the server has closed, and fails",
)
async def test_can_read_detects_a_connection_that_the_server_has_closed() -> None:
    """`can_read` is false on a quiet connection, and true, or an error, once the server has closed it."""
    from redis.exceptions import RedisError

    async with _wire() as wire, _wire() as other:
        assert not await wire.can_read()
        await wire.send_packed_command(b"*2\r\n$6\r\nCLIENT\r\n$2\r\nID\r\n", check_health=False)
        number = b"%d" % await wire.read_response(timeout=math.inf)
        kill = b"*4\r\n$6\r\nCLIENT\r\n$4\r\nKILL\r\n$2\r\nID\r\n$%d\r\n%b\r\n" % (len(number), number)
        await other.send_packed_command(kill, check_health=False)
        assert await other.read_response(timeout=math.inf) == 1
        with pytest.raises((RedisError, OSError)):
            await wire.read_response(timeout=5, disconnect_on_error=False)
        try:
            ended = await wire.can_read()
        except (RedisError, OSError):
            ended = True
        assert ended


@assumes(
    "redis",
    "AbstractConnection.disconnect(nowait)",
    "ConnectionPool.get_connection",
    "ConnectionPool.release",
    where=(REDIS_CLIENT, REDIS_PUBLISH_CONNECTION),
    breaks="after one error a connection is never used again, or is used with replies of earlier commands",
)
async def test_a_connection_that_was_dropped_and_given_back_is_made_anew() -> None:
    """`disconnect(nowait=True)` drops replies that are due; released, the connection is connected again by
    the next `get_connection`.
    """
    pool = await _pool()
    wire = await pool.get_connection()
    await wire.send_packed_command(b"*2\r\n$4\r\nECHO\r\n$3\r\nold\r\n", check_health=False)
    await wire.disconnect(nowait=True)
    assert not wire.is_connected
    await pool.release(wire)
    again = await pool.get_connection()
    assert again is wire
    await again.send_packed_command(b"*1\r\n$4\r\nPING\r\n", check_health=False)
    assert await again.read_response(timeout=math.inf) == b"PONG"
    await pool.release(again)
    await pool.disconnect()


@assumes(
    "redis",
    "ConnectionPool.disconnect(inuse_connections)",
    where=REDIS_CLIENT,
    breaks="calls under way fail whenever idle connections are closed after an outage",
)
async def test_idle_connections_can_be_closed_alone() -> None:
    """`disconnect(inuse_connections=False)` closes the connections that are in the pool, and no others."""
    pool = await _pool()
    used, idle = await pool.get_connection(), await pool.get_connection()
    await pool.release(idle)
    await pool.disconnect(inuse_connections=False)
    assert (used.is_connected, idle.is_connected) == (True, False)
    await pool.release(used)
    await pool.disconnect()


@assumes(
    "redis",
    "MovedError.slot_id",
    "AskError.host",
    "AskError.port",
    where=REDIS_SHARDS,
    breaks="slots that move are not followed, and their rooms can't be written",
)
def test_an_error_that_redirects_names_the_other_server() -> None:
    """`MovedError` and `AskError` hold slot, host and port; an empty host means the server that answered."""
    from redis.exceptions import AskError, MovedError

    for kind in (MovedError, AskError):
        moved = kind("3999 127.0.0.1:6381")
        assert (moved.slot_id, moved.host, moved.port) == (3999, "127.0.0.1", 6381)
    assert (MovedError("3999 :6381").host, MovedError("3999 ::1:6381").host) == ("", "::1")


@assumes(
    "redis",
    "BaseParser.EXCEPTION_CLASSES",
    where=REDIS_CHECK,
    breaks="what time may mend is reported as a fault of the settings, and stops the start",
)
def test_errors_that_pass_have_classes_of_their_own() -> None:
    """The first word of an error reply selects its class."""
    from redis import exceptions
    from redis._parsers import BaseParser

    words = {
        "LOADING": exceptions.BusyLoadingError,
        "CLUSTERDOWN": exceptions.ClusterDownError,
        "MASTERDOWN": exceptions.MasterDownError,
        "MOVED": exceptions.MovedError,
        "NOPERM": exceptions.NoPermissionError,
        "NOSCRIPT": exceptions.NoScriptError,
        "READONLY": exceptions.ReadOnlyError,
        "TRYAGAIN": exceptions.TryAgainError,
        "WRONGPASS": exceptions.AuthenticationError,
    }
    for word, kind in words.items():
        assert isinstance(BaseParser.parse_error(f"{word} 1 a:1"), kind), word


@assumes(
    "redis",
    "crc.key_slot",
    where=REDIS_SLOTS,
    breaks="rooms are looked for on the wrong shard of a cluster",
)
def test_key_slot_is_redis_own() -> None:
    """`crc.key_slot(bytes)` gives the slot of a key, or of what stands in its first braces."""
    from redis.crc import key_slot

    assert key_slot(b"foo") == key_slot(b"a{foo}b") == 12182
