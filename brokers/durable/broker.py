"""A node on a durable hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from typing_extensions import override

from brokers.base import Listener, Page, Position, Receipt, check_paging
from brokers.durable.hub import DurableHub
from brokers.hub_broker import HubBroker


class DurableBroker(HubBroker[DurableHub]):
    """One node's end of a durable hub.

    `BROKER=memory` with an archive makes one. It is not found by name, since it needs a hub with a journal.
    """

    @override
    async def start(self, listener: Listener) -> None:
        await super().start(listener)
        self._hub.join()

    @override
    async def _leave(self, listener: Listener) -> None:
        await self._hub.finish()
        await super()._leave(listener)
        await self._hub.leave()

    @override
    def _store(self, room: str, payload: bytes, key: str, answer: asyncio.Future[Receipt]) -> None:
        self._hub.publish(room, payload, key, answer)

    @override
    async def subscribe(self, room: str) -> Position:
        self._started()
        loaded = await self._hub.load(room)
        listener = self._started()
        if room not in self._subscribed:
            self._subscribed.add(room)
            self._hub.subscribe(loaded, listener)
        return loaded.head

    @override
    async def history(
        self, room: str, *, after: int | None = None, before: int | None = None, limit: int
    ) -> Page:
        self._started()
        check_paging(after=after, before=before, limit=limit)
        return await self._hub.history(room, after=after, before=before, limit=limit)

    @override
    async def heads(self, rooms: Iterable[str]) -> dict[str, Position]:
        self._started()
        return await self._hub.heads(rooms)

    @override
    async def erase(self, room: str, offsets: Sequence[int], payload: bytes) -> None:
        self._started()
        await self._hub.erase(room, offsets, payload)

    @override
    async def probe(self) -> None:
        await super().probe()
        await self._hub.probe()
