"""The users who wrote what a room's log has, by name: read only when one of them may be mentioned."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from hubbub_protocol.names import fold_user
from service.rooms.log import RoomLog
from service.wire.messages import stored_author

# Names of one room.
MAX_AUTHORS: Final = 1_000


class Authors:
    """The ids of the users who wrote last in one room.

    Args:
        log: the log of the room.
        most: names that are known; the one whose message is oldest is forgotten.
    """

    __slots__ = ("_epoch", "_ids", "_log", "_most", "_through")

    def __init__(self, log: RoomLog, most: int = MAX_AUTHORS) -> None:
        self._log = log
        self._most = most
        self._epoch = ""
        self._through = 0
        self._ids: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ids)

    def find(self, folded: str) -> str | None:
        """Return the id of the user who wrote last under a name, in the form in which names are compared."""
        log = self._log
        if log.epoch != self._epoch or log.end < self._through:
            self._epoch, self._through = log.epoch, 0
        if log.end > self._through:
            for entry in log.after(self._through, len(log)):
                author = stored_author(entry.payload)
                if author is not None and author.user_id:
                    self._add(fold_user(author.user), author.user_id)
            self._through = log.end
        return self._ids.get(folded)

    def _add(self, name: str, user_id: str) -> None:
        self._ids[name] = user_id
        self._ids.move_to_end(name)
        if len(self._ids) > self._most:
            self._ids.popitem(last=False)
