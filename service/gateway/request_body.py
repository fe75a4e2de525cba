"""The body of a request is parsed in shares: one turn of the loop parses a bounded part of it.

Sanic parses all that it has received at once, and a chunk of one byte costs as much as one of many.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final, Protocol, cast

from sanic.exceptions import ServiceUnavailable
from sanic.http import Http
from typing_extensions import override

if TYPE_CHECKING:
    from sanic.server.protocols.http_protocol import HttpProtocol

# A share (bytes), and what a part costs of it at least: small chunks cost more than they hold.
SHARE: Final = 16 * 1024
LEAST: Final = 512


class Turns(Protocol):
    """The connection of a request."""

    async def wait_for_turn(self) -> None:
        """Wait until the address may send another request, and then for a turn among all connections."""

    async def wait_for_share(self) -> None:
        """Wait for a turn among all connections."""


class BodyInShares(Http):
    """Sanic's HTTP/1 parser, with turns for the body of a request."""

    __slots__ = ("_cost", "_size")

    def __init__(self, protocol: HttpProtocol) -> None:
        super().__init__(protocol)  # type: ignore[no-untyped-call]
        # Of the share that is parsed now: what it costs, and its bytes.
        self._cost = self._size = 0

    @override
    async def read(self) -> bytes | None:
        """Read a part of the body. Each share waits for its turn; one of small chunks costs a request."""
        if self._cost >= SHARE:
            turns = cast(Turns, self.protocol)
            small = self._size < self._cost // 2
            self._cost = self._size = 0
            await self._wait(turns.wait_for_turn() if small else turns.wait_for_share())
        part = await super().read()
        if part is not None:
            self._size += len(part)
            self._cost += max(len(part), LEAST)
        return part

    async def _wait(self, turn: Awaitable[None]) -> None:
        try:
            await turn
        except asyncio.CancelledError:
            # Sanic logs the traceback of a cancellation for which there is no reason.
            self.exception = self.exception or ServiceUnavailable("the connection is closed", quiet=True)
            raise
