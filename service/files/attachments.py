"""Files and their messages: each file belongs to one message, and leaves with it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from time import time
from typing import Final

from msgspec.structs import replace

from hubbub_protocol import Code
from hubbub_protocol.events import File
from service.files.errors import FileRefused, StoreUnavailable
from service.files.records import FileRecord, FileUse, Records
from service.identity.identity import Identity
from service.runtime.backoff import Backoff
from service.runtime.tasks import Tasks
from service.settings.tuning import Tuning

# Files that wait to be removed while the storage is away; further ones leave with the retention of the room.
MOST_WAITING: Final = 10_000

_log: Final = logging.getLogger(__name__)


class Attachments:
    """The files of messages."""

    def __init__(self, records: Records, tuning: Tuning) -> None:
        self._records = records
        self._tuning = tuning
        self._unwanted: dict[str, None] = {}
        self._removing = False

    @property
    def waiting(self) -> int:
        """Files of deleted messages that are not removed yet."""
        return len(self._unwanted)

    async def claim(self, identity: Identity, room: str, key: str, ids: Sequence[str]) -> list[File]:
        """Make uploaded files those of a message that is about to be stored; its retries succeed too.

        Raises:
            FileRefused: one is not there, is another user's or room's, or belongs to another message.
            StoreUnavailable: the storage can't be read or written now.
        """
        if len(set(ids)) < len(ids):
            raise FileRefused(Code.INVALID, "Invalid `files`: a file is named twice.")
        found = [(each, await self._uploaded(identity, room, each)) for each in ids]
        for file_id, _ in found:
            await self._claim(file_id, FileUse(identity.scope, key, int(time() * 1000)))
        return [record.file(file_id) for file_id, record in found]

    async def _uploaded(self, identity: Identity, room: str, file_id: str) -> FileRecord:
        record = await self._records.record(file_id)
        if record is None or not record.complete or (record.room, record.user_id) != (room, identity.id):
            raise FileRefused(
                Code.NOT_KEPT,
                f"You have no file {file_id[:40]!r} in this room: upload it, then send the message.",
            )
        return record

    async def _claim(self, file_id: str, use: FileUse) -> None:
        if await self._records.put(file_id, use):
            return
        other = await self._records.use(file_id)
        if other is None or (other.scope, other.key) != (use.scope, use.key):
            raise FileRefused(Code.INVALID, f"File {file_id} belongs to another message: upload it again.")

    async def stored(self, ids: Iterable[str], epoch: str, offset: int) -> None:
        """Record the position of the message of some files. Raises `StoreUnavailable`."""
        for file_id in ids:
            use = await self._records.use(file_id)
            if use is not None and use.epoch is None:
                await self._records.put(file_id, replace(use, epoch=epoch, offset=offset), replace=True)

    async def remove(self, ids: Iterable[str]) -> None:
        """Remove files now. Raises `StoreUnavailable`."""
        for file_id in ids:
            await self._records.remove(file_id)

    def remove_soon(self, ids: Iterable[str], tasks: Tasks) -> None:
        """Remove files of a message that was deleted, also if the storage is away for a time."""
        for file_id in ids:
            if len(self._unwanted) < MOST_WAITING:
                self._unwanted[file_id] = None
        if self._unwanted and not self._removing:
            self._removing = True
            tasks.start(self._remove_all(), name="remove files")

    async def _remove_all(self) -> None:
        backoff = Backoff(self._tuning.files_first_wait, self._tuning.files_longest_wait)
        try:
            while self._unwanted:
                file_id = next(iter(self._unwanted))
                try:
                    await self._records.remove(file_id)
                except StoreUnavailable as error:
                    _log.warning("files_not_removed", extra={"count": self.waiting, "reason": str(error)})
                    await backoff.wait()
                else:
                    del self._unwanted[file_id]
        finally:
            self._removing = False
