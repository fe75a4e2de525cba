"""Whether a message is still kept, in the archive or by the broker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from archive.base import Archive
from archive.errors import ArchiveError
from brokers.base import Broker
from brokers.errors import BrokerError
from service.wire.messages import read_stored


def keeps(broker: Broker, archive: Archive | None) -> Callable[[str, str, int], Awaitable[bool | None]]:
    """Return a function that looks for the message at a position; None if that can't be read now."""

    async def is_kept(room: str, epoch: str, offset: int) -> bool | None:
        try:
            payload = await _payload(broker, archive, room, epoch, offset)
        except (ArchiveError, BrokerError):
            return None
        stored = None if payload is None else read_stored(payload)
        return stored is not None and not stored.is_erased

    return is_kept


async def _payload(
    broker: Broker, archive: Archive | None, room: str, epoch: str, offset: int
) -> bytes | None:
    if archive is not None:
        found = await archive.page(room, epoch, after=offset - 1, limit=1)
        return next((each.payload for each in found.entries if each.offset == offset), None)
    page = await broker.history(room, after=offset - 1, limit=1)
    return next((each.payload for each in page.entries if (each.epoch, each.offset) == (epoch, offset)), None)
