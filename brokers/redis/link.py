"""Commands and their replies: few connections, calls bounded in time, errors in the contract's words."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias, cast

import hiredis
from redis.exceptions import (
    AuthenticationError,
    InvalidResponse,
    NoPermissionError,
    NoScriptError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from brokers.errors import Misconfigured, Unavailable
from brokers.redis.address import Pool, Wire, close_pool
from brokers.redis.scripts import FORGET, HISTORY, PUBLISH, Script

Command: TypeAlias = bytes  # as it goes over the wire
Reply: TypeAlias = object  # bytes, int, None, a list of replies, or a ResponseError

# Calls that read share so many connections; one more publishes, one listens.
_CONNECTIONS: Final = 8
_OLDEST: Final = (6, 2)
_NOT_LET_IN: Final = (AuthenticationError, NoPermissionError, InvalidResponse)


def said(error: BaseException) -> str:
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


class Link:
    """The way to Redis and back."""

    def __init__(self, pool: Pool, timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self.reachable = False

    async def check(self) -> None:
        """Find out whether Redis can serve us, and hand it our scripts.

        Raises:
            Unavailable: it can't be reached.
            Misconfigured: it can, but something has to be changed there or in its address.
        """
        scripts = (pack("SCRIPT", "LOAD", script.text) for script in (PUBLISH, HISTORY, FORGET))
        try:
            server, replication, *loaded = await self.run(
                pack("INFO", "server"), pack("INFO", "replication"), *scripts
            )
        except Unavailable as error:
            if any(isinstance(cause, _NOT_LET_IN) for cause in _causes(error)):
                raise Misconfigured(f"Redis does not let us in: {error}") from error
            raise
        for reply in (server, replication, *loaded):
            if isinstance(reply, ResponseError):
                raise Misconfigured(f"Redis refuses what hubbub needs: {said(reply)}")
        if fault := unfit(cast(bytes, server) + b"\n" + cast(bytes, replication)):
            raise Misconfigured(fault)

    async def run(self, *commands: Command, limit: float | None = None) -> list[Reply]:
        """Send commands in one piece on one connection, and wait for all replies.

        Raises:
            Unavailable: not all replies came; any of the commands may have been carried out.
        """
        seconds = self._timeout if limit is None else limit
        try:
            async with asyncio.timeout(seconds):
                replies = await self._exchange(commands)
        except TimeoutError:
            self.reachable = False
            raise Unavailable(f"Redis did not answer within {seconds:.3g} s") from None
        except Unavailable:
            self.reachable = False
            raise
        except (RedisError, OSError) as error:
            self.reachable = False
            raise Unavailable(f"Redis is out of reach: {said(error)}") from error
        self.reachable = True
        return replies

    async def ask(self, *commands: Command) -> list[Reply]:
        """Do as `run` does, on one of a few connections: for what may be slow and comes in crowds."""
        try:
            async with asyncio.timeout(self._timeout), self._free:
                return await self.run(*commands)
        except TimeoutError:
            raise Unavailable(f"Redis did not answer within {self._timeout:.3g} s") from None

    async def _exchange(self, commands: Sequence[Command]) -> list[Reply]:
        async with self.connection() as wire:
            await send(wire, commands)
            replies = [await receive(wire) for _ in commands]
            for reply in replies:
                if isinstance(reply, ReadOnlyError):
                    raise reply  # a primary that became a replica: the next connection finds the new one
        return replies

    async def call(self, script: Script, keys: Sequence[str], *arguments: str | bytes | float) -> Reply:
        """Run a script, and load it if Redis has lost it.

        Raises:
            Unavailable: there is no reply, or it's an error.
        """
        [reply] = await self.ask(pack("EVALSHA", script.digest, len(keys), *keys, *arguments))
        if isinstance(reply, NoScriptError):
            [reply] = await self.ask(pack("EVAL", script.text, len(keys), *keys, *arguments))
        return expect(reply)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Wire]:
        """Take a connection for oneself. After any error nobody knows what comes next on it: it is closed.

        Raises:
            Unavailable: there was none, and connecting took too long.
        """
        try:
            async with asyncio.timeout(self._timeout):
                wire: Wire = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except TimeoutError:
            raise Unavailable(f"no connection to Redis within {self._timeout:.3g} s") from None
        try:
            yield wire
        except BaseException:
            await wire.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(wire)

    async def forget_idle(self) -> None:
        """Close the connections that nobody uses: after an outage they are of no use."""
        await self._pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        """Close all connections."""
        await close_pool(self._pool)


def expect(reply: Reply) -> Reply:
    """Raise `Unavailable` if a reply is an error."""
    if isinstance(reply, ResponseError):
        raise Unavailable(f"Redis refused: {said(reply)}")
    return reply


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """List an error and its causes: the client wraps what went wrong while it connected."""
    while error is not None:
        yield error
        error = error.__cause__


def unfit(info: bytes) -> str:
    """Tell from what a server says of itself why it can't serve us; nothing if it can."""
    lines = (line.partition(":") for line in info.decode(errors="replace").splitlines())
    told = {name: value for name, _, value in lines}
    version = told.get("redis_version", "")
    numbers = tuple(int(part) for part in version.split(".") if part.isdecimal())
    if numbers and numbers < _OLDEST:
        return f"this is Redis {version}; hubbub needs 6.2 or newer"
    if told.get("role") == "slave":
        return (
            "this Redis is a replica, which stores nothing: give the address of its primary, or of sentinels"
        )
    return ""
