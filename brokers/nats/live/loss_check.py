"""Looks whether an entry was stored and never came.

Within a cluster an entry goes from one server to another as an ordinary message, which is lost when they lose
each other for a moment, and no connection of ours has to break for that. The next entry of the room would
show it; if there is none for long, this does.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from brokers.nats.history.reader import Reader
from brokers.nats.live.subscriptions import Rooms

# Rooms that are looked at in one turn, as many as one question holds.
_ROOMS: Final = 1000


class Sweep:
    """Goes round through the rooms, some at each turn."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._place = 0
        self._late: dict[str, int] = {}

    async def turn(self, reader: Reader) -> bool:
        """Look at the next rooms; tell whether one still lacks what it lacked a turn ago."""
        late = {room: head for room, head in self._late.items() if self._rooms.lacks(room, head)}
        if late:
            return True
        names = list(islice(self._rooms, self._place, self._place + _ROOMS))
        self._place = self._place + _ROOMS if len(names) == _ROOMS else 0
        heads = await reader.heads(names)
        self._late = {room: head for room, head in heads.items() if self._rooms.lacks(room, head)}
        return False
