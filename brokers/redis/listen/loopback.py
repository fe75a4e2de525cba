"""Probe the path of entries: publish a message on a channel that only this node subscribes to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from brokers.errors import Unavailable


class LoopbackProbes:
    """The probes in flight from one node to one shard.

    Args:
        say: publishes a message on the node's loopback channel.
        timeout: seconds until a probe is lost.
    """

    def __init__(self, say: Callable[[bytes], None], timeout: float) -> None:
        self._say = say
        self._timeout = timeout
        self._numbers = count(1)
        self._under_way: dict[bytes, asyncio.Future[None]] = {}

    async def send(self) -> None:
        """Publish a probe, and wait until it arrives.

        Raises:
            Unavailable: it did not arrive in time.
        """
        token = b"%d" % next(self._numbers)
        arrived = self._under_way[token] = asyncio.get_running_loop().create_future()
        self._say(token)
        try:
            async with asyncio.timeout(self._timeout):
                await arrived
        except TimeoutError:
            raise Unavailable(f"no probe message arrived within {self._timeout:.3g} s") from None
        finally:
            del self._under_way[token]

    def arrived(self, token: bytes) -> None:
        """Resolve the probe with this token."""
        arrived = self._under_way.get(token)
        if arrived is not None and not arrived.done():
            arrived.set_result(None)

    def fail(self, reason: str) -> None:
        """Fail all probes in flight."""
        for arrived in self._under_way.values():
            if not arrived.done():
                arrived.set_exception(Unavailable(reason))
