"""The archive of a node: opened ahead of the broker that writes to it, trimmed while the node runs."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from archive.base import Archive
from archive.errors import ArchiveError
from archive.registry import make_archive
from brokers.base import Broker
from brokers.durable import DurableBroker, DurableHub
from service.archiving.journal import ArchiveJournal
from service.runtime.metrics import Metrics
from service.runtime.process import CannotStart
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import Tuning

# Seconds after which a busy event loop lets the archive's thread run (Python's default is 0.005). A commit
# takes a handful of such turns, so they decide its latency on a busy node.
_SWITCH: Final = 0.0005

_log: Final = logging.getLogger(__name__)


class CannotOpenArchive(CannotStart):
    """The archive can't be opened; the message says why and what to do."""


class Archiving:
    """The archive of one node, and the broker that writes to it.

    Attributes:
        broker: the memory broker, made durable by the archive.
    """

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self._archive = archive
        self._journal = ArchiveJournal(archive)
        hub = DurableHub(settings.broker_options, self._journal)
        self.broker: Broker = DurableBroker(settings.broker_options, hub)

    def run(self, tasks: Tasks, metrics: Metrics, tuning: Tuning) -> None:
        """Count in these metrics, and trim the archive in a task if its retention has a bound."""
        self._journal.metrics = metrics
        if self._archive.options.retention.bounded:
            tasks.start(self._trim(tuning), name="trim the archive")

    def sample(self) -> Mapping[str, float]:
        """Read the gauges."""
        stats = self._archive.stats()
        return {
            "archive_up": float(self._journal.is_up),
            "archive_queue": stats.get("queue", 0.0),
            "archive_bytes": stats.get("bytes", 0.0),
        }

    async def _trim(self, tuning: Tuning) -> None:
        while True:
            try:
                is_round = await self._archive.trim()
            except ArchiveError as error:
                _log.warning("archive_not_trimmed", extra={"reason": str(error)})
                is_round = True
            await asyncio.sleep(tuning.trim_round if is_round else tuning.trim_pause)


@asynccontextmanager
async def archiving(settings: Settings) -> AsyncIterator[Archiving]:
    """Open the archive that the settings name, for the time of the block.

    Raises:
        CannotOpenArchive: it can't be opened.
    """
    try:
        archive = make_archive(settings.archive_options(settings.key_seconds))
        await archive.start()
    except ArchiveError as error:
        raise CannotOpenArchive(str(error)) from error
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    _log.info("archive_opened", extra={"archive": archive.place})
    try:
        yield Archiving(archive, settings)
    finally:
        await archive.close()
        sys.setswitchinterval(before)
