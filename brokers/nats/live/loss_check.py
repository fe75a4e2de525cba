"""Looks whether an entry was stored and never came.

Within a cluster an entry goes from one server to another as an ordinary message, which is lost when they lose
each other for a moment, and no connection of ours has to break for that. The next entry of the room would
show it; if there is none for long, this does.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from brokers.nats.history.reader import NatsReader
from brokers.nats.live.subscriptions import RoomSubscriptions

# Rooms that are looked at in one turn, as many as one question holds.
_ROOMS: Final = 1000


class LossCheck:
    """Goes round through the rooms, some at each turn."""

    def __init__(self, rooms: RoomSubscriptions) -> None:
        self._rooms = rooms
        self._find_predecessor = 0
        self._late: dict[str, int] = {}

    async def check_next(self, reader: NatsReader) -> bool:
        """Look at the next rooms; tell whether one still lacks what it lacked a turn ago."""
        late = {room: head for room, head in self._late.items() if self._rooms.is_missing(room, head)}
        if late:
            return True
        names = list(islice(self._rooms, self._find_predecessor, self._find_predecessor + _ROOMS))
        self._find_predecessor = self._find_predecessor + _ROOMS if len(names) == _ROOMS else 0
        heads = await reader.heads(names)
        self._late = {room: head for room, head in heads.items() if self._rooms.is_missing(room, head)}
        return False
