"""What refers to messages in the archive: their changes and the replies to them, at any distance."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final

from archive.base import Archive
from archive.errors import ArchiveError
from archive.references import Referring, ReplyPage

# Changes of one message that are read: the last ones. More are not accepted (B64, B65), but may be imported.
MOST_CHANGES: Final = 2_500
# Replies to one message that are counted; more are reported as that many.
MOST_REPLIES: Final = 10_000
# Messages of one call.
TARGETS: Final = 100

_log: Final = logging.getLogger(__name__)


class StoredReferences:
    """Reads the references of one archive; None where it can't be read now.

    Args:
        archive: where they are.
        most_changes, most_replies: the bounds for one message.
    """

    def __init__(
        self, archive: Archive, *, most_changes: int = MOST_CHANGES, most_replies: int = MOST_REPLIES
    ) -> None:
        self._archive = archive
        self._most_changes = most_changes
        self._most_replies = most_replies

    async def find(self, room: str, epoch: str, targets: Collection[int]) -> Referring | None:
        """Find the changes of messages, and count the replies to them."""
        wanted = sorted(targets)
        parts = [wanted[start : start + TARGETS] for start in range(0, len(wanted), TARGETS)]
        try:
            found = [await self._find(room, epoch, part) for part in parts]
        except ArchiveError as error:
            _warn(room, error)
            return None
        return Referring(
            min((each.through for each in found), default=0),
            tuple(change for each in found for change in each.changes),
            {target: replies for each in found for target, replies in each.replies.items()},
        )

    async def replies(self, room: str, epoch: str, root: int, *, before: int, limit: int) -> ReplyPage | None:
        """Read the last replies in the thread of a message ahead of an offset."""
        try:
            return await self._archive.references.replies(room, epoch, root, before=before, limit=limit)
        except ArchiveError as error:
            _warn(room, error)
            return None

    async def _find(self, room: str, epoch: str, targets: list[int]) -> Referring:
        return await self._archive.references.find(
            room, epoch, targets, most=self._most_changes, most_replies=self._most_replies
        )


def _warn(room: str, error: ArchiveError) -> None:
    _log.warning("archive_not_read", extra={"room": room, "reason": str(error)})
