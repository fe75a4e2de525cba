"""Messages to oneself: published like any entry, heard on a channel of this node alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from brokers.errors import Unavailable


class LoopbackProbes:
    """The probes of one node to one shard that are under way.

    Args:
        say: publishes a message on the node's own channel there.
        timeout: seconds until a probe counts as lost.
    """

    def __init__(self, say: Callable[[bytes], None], timeout: float) -> None:
        self._say = say
        self._timeout = timeout
        self._numbers = count(1)
        self._under_way: dict[bytes, asyncio.Future[None]] = {}

    async def send(self) -> None:
        """Send a message round.

        Raises:
            Unavailable: it didn't come back in time.
        """
        token = b"%d" % next(self._numbers)
        arrived = self._under_way[token] = asyncio.get_running_loop().create_future()
        self._say(token)
        try:
            async with asyncio.timeout(self._timeout):
                await arrived
        except TimeoutError:
            raise Unavailable(f"no message came round within {self._timeout:.3g} s") from None
        finally:
            del self._under_way[token]

    def arrived(self, token: bytes) -> None:
        """Learn that a message came back."""
        arrived = self._under_way.get(token)
        if arrived is not None and not arrived.done():
            arrived.set_result(None)

    def fail(self, reason: str) -> None:
        """Learn that none will come back."""
        for arrived in self._under_way.values():
            if not arrived.done():
                arrived.set_exception(Unavailable(reason))
