"""Send commands to one Redis server: few connections, a time limit for each call, the contract's errors."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, TypeAlias, cast

import hiredis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

from brokers.errors import Unavailable, WritesRefused
from brokers.redis.connection.refusals import describe_refusal, find_refusal
from brokers.redis.connection.url import Pool, Wire, close_pool

Command: TypeAlias = bytes  # encoded, as sent to the server
Reply: TypeAlias = object  # bytes, int, None, a list of replies, or a ResponseError

# Connections shared by reads. One more publishes, and one more is subscribed.
_CONNECTIONS: Final = 8
_MAX_IDLE: Final = 30.0  # beyond it a connection is replaced without a try
_PATIENCE: Final = 0.5  # seconds for the first reply on an idle connection, before another one is opened


def describe(error: BaseException) -> str:
    """Describe an error for people: its message, or else its type."""
    return str(error) or type(error).__name__


async def receive(wire: Wire) -> Reply:
    """Read the next reply; an error reply is returned, not raised."""
    try:
        return cast(Reply, await wire.read_response(timeout=math.inf, disconnect_on_error=False))
    except ResponseError as error:
        return error


def pack(*parts: str | bytes | float) -> Command:
    """Encode a command.

    Raises:
        UnicodeEncodeError: a string can't be encoded as UTF-8.
    """
    # hiredis annotates a tuple of length one, but accepts any length.
    return cast(bytes, hiredis.pack_command(parts))  # type: ignore[arg-type]


async def send(wire: Wire, commands: Iterable[Command]) -> None:
    """Write several commands at once."""
    await wire.send_packed_command(b"".join(commands), check_health=False)


async def exchange(wire: Wire, commands: Sequence[Command]) -> list[Reply]:
    """Send several commands at once, and read all replies."""
    await send(wire, commands)
    replies = [await receive(wire) for _ in commands]
    for reply in replies:
        if isinstance(reply, ReadOnlyError):
            raise reply  # demoted to a replica: a new connection finds the new primary
    return replies


class IdleWire(NamedTuple):
    """A connection that is not in use, and since when, in the loop's time."""

    wire: Wire
    since: float


class RedisClient:
    """A pool of connections to one Redis server.

    Args:
        pool: opens the connections.
        timeout: seconds that a call may take.
        idle: seconds after which an unused connection may be dead although it looks open.
    """

    def __init__(self, pool: Pool, timeout: float, *, idle: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._suspect_after = idle
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._idle: list[IdleWire] = []  # the one that was used last is at the end
        self._lent = 0
        self._returned = asyncio.Event()
        self.reachable = False

    @asynccontextmanager
    async def time_limit(self, seconds: float) -> AsyncIterator[None]:
        """Limit the time of a block, track whether Redis is reachable, and raise errors as `Unavailable`."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            self.reachable = False
            raise Unavailable(f"Redis did not answer within {seconds:.3g} s") from None
        except Unavailable:
            self.reachable = False
            raise
        except ReadOnlyError as error:
            raise WritesRefused(describe_refusal(find_refusal(error))) from error
        except (RedisError, OSError) as error:
            self.reachable = False
            raise Unavailable(f"Redis is unreachable: {describe(error)}") from error
        self.reachable = True

    async def run(self, *commands: Command) -> list[Reply]:
        """Send several commands at once on one connection, and read all replies.

        They must be safe to repeat: if an idle connection turns out to be dead, they are sent on another.

        Raises:
            Unavailable: a reply is missing; any of the commands may have been executed.
        """
        async with self.time_limit(self._timeout), self._borrowed() as (wire, idle):
            if idle is not None:
                if (replies := await self.try_idle(wire, commands, idle)) is not None:
                    return replies
                await wire.disconnect(nowait=True)
                await wire.connect()  # type: ignore[no-untyped-call]
            return await exchange(wire, commands)

    def may_be_dead(self, idle: float) -> bool:
        """Return whether a connection that was unused for some seconds may be dead."""
        return idle > self._suspect_after

    async def try_idle(self, wire: Wire, commands: Sequence[Command], idle: float) -> list[Reply] | None:
        """Exchange on a connection that was unused for some seconds; None if it turns out to be dead.

        The commands must be safe to repeat.
        """
        if idle > _MAX_IDLE:
            return None
        try:
            async with asyncio.timeout(_PATIENCE if self.may_be_dead(idle) else None):
                return await exchange(wire, commands)
        except (RedisConnectionError, OSError):  # includes `TimeoutError`
            return None

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[tuple[Wire, float | None]]:
        """Borrow an idle connection, with the seconds it was idle, or a new one with None."""
        wire, idle = await self._idle_or_new()
        self._lent += 1
        try:
            yield wire, idle
        except BaseException:
            await wire.disconnect(nowait=True)
            await self.release(wire)
            raise
        else:
            self._idle.append(IdleWire(wire, self._loop.time()))
        finally:
            self._lent -= 1
            self._returned.set()

    async def _idle_or_new(self) -> tuple[Wire, float | None]:
        while True:
            if self._idle:
                wire, since = self._idle.pop()
                return wire, self._loop.time() - since
            try:
                return await self.take(), None
            except (RedisError, OSError):
                # Redis accepts no more connections: use one that another call has, or had.
                if not (self._lent or self._idle):
                    raise
            if not self._idle:
                self._returned.clear()
                await self._returned.wait()

    async def ask(self, *commands: Command) -> list[Reply]:
        """Call `run` on one of a bounded number of connections: for reads, which may be slow and many."""
        try:
            async with asyncio.timeout(self._timeout), self._free:
                return await self.run(*commands)
        except TimeoutError:
            raise Unavailable(f"Redis did not answer within {self._timeout:.3g} s") from None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Wire]:
        """Borrow a connection for a block; close it after any error, as replies may be pending.

        Raises:
            Unavailable: no connection could be made in time.
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
        """Borrow a connection until `release` is called.

        Raises:
            Unavailable: no connection could be made in time.
        """
        try:
            async with asyncio.timeout(self._timeout):
                wire: Wire = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except TimeoutError:
            raise Unavailable(f"no connection to Redis within {self._timeout:.3g} s") from None
        return wire

    async def release(self, wire: Wire) -> None:
        """Return a connection that was taken."""
        await self._pool.release(wire)

    async def close_idle(self) -> None:
        """Close idle connections: after an outage they are broken."""
        idle, self._idle = self._idle, []
        for wire, _ in idle:
            await wire.disconnect(nowait=True)
            await self.release(wire)

    async def close(self) -> None:
        """Close all connections."""
        self._idle.clear()
        await close_pool(self._pool)


def expect(reply: Reply) -> Reply:
    """Raise `Unavailable` if a reply is an error."""
    if isinstance(reply, ResponseError):
        raise Unavailable(f"Redis refused the command: {find_refusal(reply) or describe(reply)}")
    return reply


def is_script_missing(reply: Reply) -> bool:
    """Return whether the server does not have the script (NOSCRIPT)."""
    return isinstance(reply, NoScriptError)
