"""Remove the files that no message has: never sent, or of a message that is not kept any more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import time
from typing import Final, TypeAlias

from service.files.errors import StoreUnavailable
from service.files.records import CONTENT, Records
from service.files.store import Store
from service.runtime.tasks import Tasks
from service.settings.tuning import Tuning

# Returns whether the message at a position (room, epoch, offset) is kept; None if that can't be read now.
IsKept: TypeAlias = Callable[[str, str, int], Awaitable[bool | None]]

_log: Final = logging.getLogger(__name__)


class Sweeper:
    """Goes through all files in rounds. Several nodes may do so: to remove a file twice does no harm."""

    def __init__(self, store: Store, records: Records, tuning: Tuning) -> None:
        self._store = store
        self._records = records
        self._tuning = tuning
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    async def count(self) -> None:
        """Count the bytes of all files anew. Raises `StoreUnavailable`."""
        sizes = [blob.size async for blob in self._store.blobs() if blob.name.endswith(CONTENT)]
        self._records.stored_bytes = sum(sizes)

    def follow(self, tasks: Tasks, is_kept: IsKept) -> None:
        """Sweep and count after each interval, until `close`."""
        if not self._closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._tuning.files_round, self._begin, tasks, is_kept)

    def close(self) -> None:
        """Stop to sweep."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _begin(self, tasks: Tasks, is_kept: IsKept) -> None:
        tasks.start(self._round(tasks, is_kept), name="sweep files")

    async def _round(self, tasks: Tasks, is_kept: IsKept) -> None:
        try:
            await self.sweep(is_kept)
            await self.count()
        except StoreUnavailable as error:
            _log.warning("files_not_swept", extra={"reason": str(error)})
        finally:
            self.follow(tasks, is_kept)

    async def sweep(self, is_kept: IsKept) -> int:
        """Remove what is due; return the number of files. Raises `StoreUnavailable`."""
        due = time() - self._tuning.files_unused_seconds
        removed = 0
        seen = ""
        async for blob in self._store.blobs():
            file_id = blob.name.partition(".")[0]
            if blob.at > due or file_id == seen:
                continue
            seen = file_id
            if not await self._is_wanted(file_id, due, is_kept):
                await self._records.remove(file_id)
                removed += 1
            await asyncio.sleep(self._tuning.files_pause)
        if removed:
            _log.info("files_swept", extra={"removed": removed})
        return removed

    async def _is_wanted(self, file_id: str, due: float, is_kept: IsKept) -> bool:
        record, use = await self._records.record(file_id), await self._records.use(file_id)
        if record is None:
            return False
        if use is None or use.epoch is None:
            return max(record.at, 0 if use is None else use.at) > due * 1000
        return await is_kept(record.room, use.epoch, use.offset) is not False
