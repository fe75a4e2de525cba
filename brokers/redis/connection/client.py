"""Commands and their replies: few connections, calls bounded in time, errors in the contract's words."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias, cast

import hiredis
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

from brokers.errors import Unavailable
from brokers.redis.connection.url import Pool, Wire, close_pool

Command: TypeAlias = bytes  # as it goes over the wire
Reply: TypeAlias = object  # bytes, int, None, a list of replies, or a ResponseError

# Calls that read share so many connections; one more publishes, one listens.
_CONNECTIONS: Final = 8


def describe(error: BaseException) -> str:
    """Name an error for people: what Redis or the system said, or else its kind."""
    return str(error) or type(error).__name__


async def receive(wire: Wire) -> Reply:
    """Read the next reply; one that is an error is returned like any other."""
    try:
        return cast(Reply, await wire.read_response(timeout=math.inf, disconnect_on_error=False))
    except ResponseError as error:
        return error


def pack(*parts: str | bytes | float) -> Command:
    """Make a command.

    Raises:
        UnicodeEncodeError: a text has no UTF-8 form.
    """
    # hiredis annotates a tuple of one, and takes any.
    return cast(bytes, hiredis.pack_command(parts))  # type: ignore[arg-type]


async def send(wire: Wire, commands: Iterable[Command]) -> None:
    """Write commands in one piece."""
    await wire.send_packed_command(b"".join(commands), check_health=False)


async def exchange(wire: Wire, commands: Sequence[Command]) -> list[Reply]:
    """Send commands in one piece, and wait for all replies."""
    await send(wire, commands)
    replies = [await receive(wire) for _ in commands]
    for reply in replies:
        if isinstance(reply, ReadOnlyError):
            raise reply  # a primary that became a replica: the next connection finds the new one
    return replies


class RedisClient:
    """The way to one server of Redis and back."""

    def __init__(self, pool: Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self.reachable = False

    @asynccontextmanager
    async def time_limit(self, seconds: float) -> AsyncIterator[None]:
        """Bound the time of a block, note whether Redis was in reach, and tell errors as `Unavailable`."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            self.reachable = False
            raise Unavailable(f"Redis did not answer within {seconds:.3g} s") from None
        except Unavailable:
            self.reachable = False
            raise
        except (RedisError, OSError) as error:
            self.reachable = False
            raise Unavailable(f"Redis is out of reach: {describe(error)}") from error
        self.reachable = True

    async def run(self, *commands: Command) -> list[Reply]:
        """Send commands in one piece on one connection, and wait for all replies.

        Raises:
            Unavailable: not all replies came; any of the commands may have been carried out.
        """
        async with self.time_limit(self._timeout), self.connection() as wire:
            return await exchange(wire, commands)

    async def ask(self, *commands: Command) -> list[Reply]:
        """Do as `run` does, on one of a few connections: for what may be slow and comes in crowds."""
        try:
            async with asyncio.timeout(self._timeout), self._free:
                return await self.run(*commands)
        except TimeoutError:
            raise Unavailable(f"Redis did not answer within {self._timeout:.3g} s") from None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Wire]:
        """Take a connection for oneself. After any error nobody knows what comes next on it: it is closed.

        Raises:
            Unavailable: there was none, and connecting took too long.
        """
        wire = await self.take()
        try:
            yield wire
        except BaseException:
            await wire.disconnect(nowait=True)
            raise
        finally:
            await self.release(wire)

    async def take(self) -> Wire:
        """Take a connection for longer than a block; it is to be given back.

        Raises:
            Unavailable: there was none, and connecting took too long.
        """
        try:
            async with asyncio.timeout(self._timeout):
                wire: Wire = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except TimeoutError:
            raise Unavailable(f"no connection to Redis within {self._timeout:.3g} s") from None
        return wire

    async def release(self, wire: Wire) -> None:
        """Let others have a connection."""
        await self._pool.release(wire)

    async def close_idle(self) -> None:
        """Close the connections that nobody uses: after an outage they are of no use."""
        await self._pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        """Close all connections."""
        await close_pool(self._pool)


def expect(reply: Reply) -> Reply:
    """Raise `Unavailable` if a reply is an error."""
    if isinstance(reply, ResponseError):
        raise Unavailable(f"Redis refused: {describe(reply)}")
    return reply


def is_script_missing(reply: Reply) -> bool:
    """Tell whether the server doesn't know a script any more."""
    return isinstance(reply, NoScriptError)
