"""Mentions: which users a text names, found when it is sent and stored with it (SN11)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from archive.errors import ArchiveError
from hubbub_protocol.mentions import candidates
from hubbub_protocol.names import fold_user
from service.identity.identity import Identity
from service.node import Node
from service.rooms.room import Room

# Mentions of one text that are looked up; further ones are text.
MAX_MENTIONS: Final = 20
# How long a message waits for the archive (seconds).
ARCHIVE_SECONDS: Final = 1.0

_log: Final = logging.getLogger(__name__)


class Mentions:
    """Finds the users whom one text mentions.

    The users in the room are known at once, and so are those who wrote what its log has. With an archive,
    users with a read mark in the room are found too.

    Args:
        room: the name of the room; `opened` is the room itself, if it is open on this node.
    """

    def __init__(self, node: Node, identity: Identity, room: str, opened: Room | None, text: str) -> None:
        self._node = node
        self._author = identity.id
        self._room = room
        self._opened = opened
        names = islice(candidates(text), MAX_MENTIONS)
        # In the order of the text: the names after one `@`, and the id that is found.
        self._names = [list(dict.fromkeys(map(fold_user, each))) for each in names]
        self._ids = [next(filter(None, map(self._find, each)), None) for each in self._names]

    @property
    def must_wait(self) -> bool:
        """Whether the archive may know more."""
        return self._node.archiving is not None and None in self._ids

    def found(self) -> list[str] | None:
        """Return the ids of the users, each once, without the author; None if there are none."""
        ids = dict.fromkeys(each for each in self._ids if each is not None and each != self._author)
        self._node.metrics.mentions += len(ids)
        return list(ids) or None

    async def find(self) -> list[str] | None:
        """Find the users in the archive too; without it, a name is text."""
        if self._node.archiving is not None and self.must_wait:
            unknown = [name for names, found in self._pairs() if found is None for name in names]
            try:
                async with asyncio.timeout(ARCHIVE_SECONDS):
                    stored = await self._node.archiving.marks.named(self._room, unknown)
            except (ArchiveError, TimeoutError) as error:
                _log.warning("archive_not_read", extra={"room": self._room, "reason": str(error) or "slow"})
            else:
                self._ids = [found or _first(stored, names) for names, found in self._pairs()]
        return self.found()

    def _pairs(self) -> Iterable[tuple[Sequence[str], str | None]]:
        return zip(self._names, self._ids, strict=True)

    def _find(self, name: str) -> str | None:
        """Return the id of a user in the room, or of an author, by a name."""
        if self._opened is None:
            return None
        for user in self._node.user_names.find(name):
            if user.name in self._opened.roster:
                return user.id
        return self._opened.authors.find(name)


def _first(found: dict[str, str], names: Iterable[str]) -> str | None:
    return next((found[name] for name in names if name in found), None)
