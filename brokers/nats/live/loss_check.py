"""Detect entries that were stored but never arrived.

Between the servers of a cluster an entry is an ordinary message. It is lost when the servers lose their
connection for a moment, while the client's connection stays up. The next entry of the room would reveal the
gap; this check does so in idle rooms.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from brokers.nats.history.reader import NatsReader
from brokers.nats.live.subscriptions import RoomSubscriptions

# Rooms per check, as many as one request holds.
_ROOMS: Final = 1000


class LossCheck:
    """Checks all rooms in turn, some at each call."""

    def __init__(self, rooms: RoomSubscriptions) -> None:
        self._rooms = rooms
        self._find_predecessor = 0
        self._late: dict[str, int] = {}

    async def check_next(self, reader: NatsReader) -> bool:
        """Check the next rooms; return whether an entry has been missing since the last call."""
        late = {room: head for room, head in self._late.items() if self._rooms.is_missing(room, head)}
        if late:
            return True
        subjects = list(islice(self._rooms, self._find_predecessor, self._find_predecessor + _ROOMS))
        self._find_predecessor = self._find_predecessor + _ROOMS if len(subjects) == _ROOMS else 0
        heads = await reader.heads(subjects)
        self._late = {room: head for room, head in heads.items() if self._rooms.is_missing(room, head)}
        return False
