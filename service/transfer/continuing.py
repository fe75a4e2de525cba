"""Rooms of a broker continue after imported messages, so that pages of their history go back into those."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from brokers.base import Broker, Entry, Position
from brokers.errors import BrokerError
from brokers.registry import make_broker
from service.settings import Settings
from service.transfer.errors import TransferError

_ONLY_SEARCH: Final = "With --archive-only they are imported all the same, and only search finds them."


class _Ignored:
    """Receives nothing: no room is subscribed."""

    def deliver(self, entry: Entry) -> None:
        """Ignore an entry."""

    def signal(self, room: str, payload: bytes) -> None:
        """Ignore a signal."""

    def lost(self, reason: str) -> None:
        """Ignore an outage: calls raise."""

    def restored(self) -> None:
        """Ignore its end."""


class RoomContinuation:
    """Begins rooms of one broker behind imported entries."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker = broker
        self._name = name

    async def check(self, room: str, epoch: str) -> None:
        """Refuse a room that the broker holds with another history, ahead of its import.

        Raises:
            TransferError: it does.
            BrokerError: the broker can't be reached.
        """
        head = (await self._broker.heads([room]))[room]
        if head.offset and head.epoch != epoch:
            raise TransferError(
                f"the room {room!r} has other messages in {self._name}: its history can't go back to "
                f"imported ones. Import under other names with --prefix. {_ONLY_SEARCH}"
            )

    async def begin(self, room: str, position: Position) -> None:
        """Let a room continue after its last imported entry. Raises as `check`."""
        found = await self._broker.begin(room, position)
        if found.epoch != position.epoch:
            raise TransferError(
                f"messages were sent in the room {room!r} during the import: its history can't go back to "
                "imported ones, and only search finds them. Import while no node runs."
            )


@asynccontextmanager
async def continuation(
    settings: Settings, *, shared: bool, wanted: bool
) -> AsyncIterator[RoomContinuation | None]:
    """Connect to the broker of the settings; None if there is nothing to begin there.

    Raises:
        TransferError: the broker can't be reached, or can't continue rooms.
    """
    if not (shared and wanted) or settings.broker == "memory":
        yield None
        return
    broker = make_broker(settings.broker, settings.broker_options)
    if not broker.begins_rooms:
        raise TransferError(
            f"with BROKER={settings.broker} the history of a room can't go back to imported messages: this "
            f"broker numbers the entries itself. {_ONLY_SEARCH}"
        )
    try:
        await broker.start(_Ignored())
        yield RoomContinuation(broker, settings.broker)
    except BrokerError as error:
        raise TransferError(f"the broker can't be reached: {error}. {_ONLY_SEARCH}") from error
    finally:
        await broker.close()
