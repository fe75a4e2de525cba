"""The archive of a node: opened ahead of the broker that writes to it, trimmed while the node runs."""

from __future__ import annotations

import asyncio
import logging
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from random import random
from typing import Final

from typing_extensions import override

from archive.base import Archive
from archive.errors import ArchiveError, ArchiveUnavailable
from archive.registry import make_archive
from brokers.base import Broker
from brokers.durable import DurableBroker, DurableHub
from brokers.errors import BrokerError
from brokers.registry import make_broker
from service.archiving.archived_broker import ArchivedBroker
from service.archiving.copier import Copier, OpenRooms
from service.archiving.indexer import Indexer
from service.archiving.journal import ArchiveJournal
from service.archiving.marks import StoredMarks
from service.archiving.searches import Searches
from service.archiving.stored_references import StoredReferences
from service.archiving.stored_rooms import StoredRooms
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.process import CannotStart
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import Tuning

# Seconds after which a busy event loop lets the archive's thread run (Python's default is 0.005). A commit
# takes a handful of such turns, so they decide its latency on a busy node.
_SWITCH: Final = 0.0001

_log: Final = logging.getLogger(__name__)


class CannotOpenArchive(CannotStart):
    """The archive can't be opened; the message says why and what to do."""


class Archiving(ABC):
    """The archive of one node, and the broker that clients use with it.

    Attributes:
        broker: a broker whose history lasts as long as the archive's retention.
        searches: searches in the archive.
        indexer: what makes messages searchable.
        stored_rooms: the names of the rooms in the archive.
        references: what changes messages or replies to them.
        marks: up to where users have read.
    """

    broker: Broker

    def __init__(self, archive: Archive, most_marks: int) -> None:
        self._archive = archive
        self.marks = StoredMarks(archive, most_marks)
        self.indexer = Indexer(archive)
        self.searches = Searches(archive)
        self.stored_rooms = StoredRooms(archive)
        self.references = StoredReferences(archive)

    @property
    def archive(self) -> Archive:
        """The archive itself."""
        return self._archive

    @property
    @abstractmethod
    def is_up(self) -> bool:
        """Whether the last commit succeeded."""

    def run(self, tasks: Tasks, metrics: Metrics, tuning: Tuning, open_rooms: OpenRooms) -> None:  # noqa: ARG002  for one of both
        """Count in these metrics, and start the tasks of the archive."""
        self.searches.metrics = metrics
        self.marks.run(tasks, tuning.marks_interval)
        tasks.start(self._index(tuning), name="index the archive")
        if self._archive.options.retention.bounded:
            tasks.start(self._trim(tuning), name="trim the archive")

    @abstractmethod
    async def finish(self, limit: float) -> None:
        """Store what is left before the broker is closed, within a time limit."""

    def sample(self) -> Mapping[str, float]:
        """Read the gauges."""
        stats = self._archive.stats()
        return {
            "archive_up": float(self.is_up),
            "archive_queue": stats.get("queue", 0.0),
            "archive_bytes": stats.get("bytes", 0.0),
            "archive_marks_waiting": float(len(self.marks)),
        }

    async def _index(self, tuning: Tuning) -> None:
        while True:
            pause = tuning.index_rest
            try:
                if await self.indexer.turn():
                    pause = tuning.index_pause
            except ArchiveError as error:
                _log.warning("archive_not_indexed", extra={"reason": str(error)})
                pause = tuning.archive_longest_wait
            await asyncio.sleep(pause)

    async def _trim(self, tuning: Tuning) -> None:
        while True:
            try:
                is_round = await self._archive.trim()
            except ArchiveError as error:
                _log.warning("archive_not_trimmed", extra={"reason": str(error)})
                is_round = True
            await asyncio.sleep(tuning.trim_round if is_round else tuning.trim_pause)


class JournalArchiving(Archiving):
    """The memory broker, which answers a sender when the archive has committed the message."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        super().__init__(archive, settings.marks_per_user)
        self._journal = ArchiveJournal(archive)
        hub = DurableHub(settings.broker_options, self._journal)
        self.broker = DurableBroker(settings.broker_options, hub)

    @property
    @override
    def is_up(self) -> bool:
        return self._journal.is_up

    @override
    def run(self, tasks: Tasks, metrics: Metrics, tuning: Tuning, open_rooms: OpenRooms) -> None:
        self._journal.metrics = metrics
        super().run(tasks, metrics, tuning, open_rooms)

    @override
    async def finish(self, limit: float) -> None:
        """Do nothing: what was answered is stored."""


class CopyArchiving(Archiving):
    """A broker that stores messages itself; they are copied to the archive afterwards."""

    def __init__(
        self, archive: Archive, broker: Broker, settings: Settings, tuning: Tuning, *, opened: bool
    ) -> None:
        super().__init__(archive, settings.marks_per_user)
        self._copier = Copier(broker, archive, tuning)
        self._opened = self._is_up = opened
        self._opening = asyncio.Lock()
        self.broker: ArchivedBroker = ArchivedBroker(
            broker, archive, self._copier.mark, self._copier.has_place, tuning
        )

    @property
    @override
    def is_up(self) -> bool:
        return self._is_up

    @override
    def run(self, tasks: Tasks, metrics: Metrics, tuning: Tuning, open_rooms: OpenRooms) -> None:
        self.broker.held.metrics = metrics
        self.broker.held.stalled = partial(self._copier.report, works=False)
        self._copier.use(metrics, open_rooms, self.broker.held.release)
        turns = partial(self._copier.rest, tuning.archive_turn)
        tasks.start(self._repeat(self._copier.turn, turns, tuning), name="copy to the archive")
        sweeps = partial(asyncio.sleep, tuning.archive_sweep * (0.5 + random()))  # noqa: S311  not all nodes at once
        tasks.start(self._repeat(self._copier.sweep, sweeps, tuning), name="sweep the archive")
        super().run(tasks, metrics, tuning, open_rooms)

    @override
    async def finish(self, limit: float) -> None:
        try:
            async with asyncio.timeout(limit):
                await self._copier.turn()
        except (ArchiveError, BrokerError, TimeoutError) as error:
            # The next node that opens these rooms copies the rest.
            _log.warning("archive_not_finished", extra={"reason": str(error) or "time limit"})

    @override
    def sample(self) -> Mapping[str, float]:
        return {**super().sample(), **self._copier.sample()}

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], pause: Callable[[], Awaitable[None]], tuning: Tuning
    ) -> None:
        """Work for ever, with pauses; after a failure with back-off."""
        backoff = Backoff(tuning.archive_first_wait, tuning.archive_longest_wait)
        while True:
            try:
                await self._open()
                await work()
            except (ArchiveError, BrokerError) as error:
                self._is_up = self._is_up and not isinstance(error, ArchiveError)
                self._copier.report(works=False)
                _log.warning("archive_retry", extra={"reason": str(error)})
                await backoff.wait()
            else:
                self._is_up = True
                self._copier.report(works=True)
                backoff = Backoff(tuning.archive_first_wait, tuning.archive_longest_wait)
                await pause()

    async def _open(self) -> None:
        """Start the archive, if that failed when the node started."""
        async with self._opening:
            if not self._opened:
                await self._archive.start()
                self._opened = True
                _log.info("archive_opened", extra={"archive": self._archive.place})


@asynccontextmanager
async def archiving(settings: Settings, tuning: Tuning) -> AsyncIterator[Archiving]:
    """Open the archive that the settings name, for the time of the block.

    Raises:
        CannotOpenArchive: it can't be opened. One of several nodes starts without it if it is only away.
    """
    try:
        archive = make_archive(settings.archive_options(settings.key_seconds))
        opened = await _start(archive)
    except ArchiveError as error:
        raise CannotOpenArchive(str(error)) from error
    try:
        if archive.shared:
            broker = make_broker(settings.broker, settings.broker_options)
            yield CopyArchiving(archive, broker, settings, tuning, opened=opened)
        else:
            with _fast_switches():
                yield JournalArchiving(archive, settings)
    finally:
        await archive.close()


async def _start(archive: Archive) -> bool:
    """Start an archive; return whether it is open. Several nodes continue while theirs is away."""
    try:
        await archive.start()
    except ArchiveUnavailable as error:
        if not archive.shared:
            raise
        _log.warning("archive_unavailable", extra={"archive": archive.place, "reason": str(error)})
        return False
    _log.info("archive_opened", extra={"archive": archive.place})
    return True


@contextmanager
def _fast_switches() -> Iterator[None]:
    """Let a busy event loop run the archive's thread sooner."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
