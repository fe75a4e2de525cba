"""The erasures of a node: one at a time, recorded ahead of what they do."""

from __future__ import annotations

import logging
from time import time
from typing import Final, Literal

import msgspec

from archive.errors import ArchiveError
from brokers.errors import BrokerError
from service.erasing.eraser import Erased, Eraser
from service.erasing.selection import Selection
from service.files.errors import FileError
from service.moderation.actions import ModerationAction
from service.moderation.moderation import Moderation
from service.runtime.tasks import Tasks

_log: Final = logging.getLogger(__name__)


class ErasureStatus(msgspec.Struct, omit_defaults=True):
    """The last erasure of a node, and how far it is."""

    selection: Selection
    reason: str
    done: Erased
    state: Literal["running", "done", "failed"]
    error: str | None = None


class ErasureRunning(Exception):
    """Another erasure is not done yet."""

    def __init__(self) -> None:
        super().__init__("an erasure is running on this node: wait until it is done")


class Erasures:
    """Runs erasures in a task.

    Attributes:
        last: the one that runs or ran last; None if there was none since the node started.
    """

    def __init__(self, eraser: Eraser, moderation: Moderation, tasks: Tasks) -> None:
        self._eraser = eraser
        self._moderation = moderation
        self._tasks = tasks
        self._is_starting = False
        self.last: ErasureStatus | None = None

    @property
    def knows_all_rooms(self) -> bool:
        """Whether a selection may be without a room."""
        return self._eraser.knows_all_rooms

    async def begin(self, selection: Selection, reason: str) -> ErasureStatus:
        """Record an erasure for all nodes, and begin it.

        Raises:
            ErasureRunning: one is not done yet.
            BrokerError: it could not be recorded, and was not begun.
        """
        if self._is_starting or (self.last is not None and self.last.state == "running"):
            raise ErasureRunning
        self._is_starting = True
        try:
            at = int(time() * 1000)
            await self._moderation.act(ModerationAction("erase", str(selection), at, reason))
        finally:
            self._is_starting = False
        self.last = status = ErasureStatus(selection, reason, Erased(), "running")
        self._tasks.start(self._run(status), name="erase")
        return status

    async def _run(self, status: ErasureStatus) -> None:
        try:
            await self._eraser.erase(status.selection, status.done)
        except (ArchiveError, BrokerError, FileError) as error:
            status.state, status.error = "failed", str(error)
        except BaseException as error:
            status.state, status.error = "failed", f"the node stopped it: {type(error).__name__}"
            raise
        else:
            status.state = "done"
        _log.warning(
            "erased",
            extra={
                "selection": str(status.selection),
                "state": status.state,
                "entries": status.done.entries,
                "rooms": status.done.rooms,
                "reason": status.error or status.reason,
            },
        )
