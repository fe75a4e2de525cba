"""The backbone of the durable memory broker: a hub on a real archive."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from typing_extensions import override

from archive.base import Archive, ArchiveOptions, ArchiveRetention
from archive.sqlite import SqliteArchive
from brokers.base import Broker, BrokerOptions
from brokers.durable import DurableBroker, DurableHub
from brokers.durable.journal import Write
from brokers.errors import Unavailable
from brokers.testing.backbone import Abilities, Backbone
from service.archiving.journal import ArchiveJournal

_EPOCH: Final = 1_700_000_000.0


class ForgetfulJournal(ArchiveJournal):
    """Stores, and loses an answer on request."""

    lost_answers = 0

    @override
    def append(self, batch: Sequence[Write]) -> asyncio.Future[None]:
        stored = super().append(batch)
        if not self.lost_answers:
            return stored
        self.lost_answers -= 1
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        stored.add_done_callback(lambda _: lost.set_exception(Unavailable("the answer was lost")))
        return lost


class DurableBackbone(Backbone):
    """A hub whose clocks advance only by hand, on an archive that keeps what the options say."""

    # Further rooms are evicted from memory, and stay in the archive.
    abilities = Abilities(lost_answers=True, bounded_rooms=False, counted=True)

    def __init__(self, options: BrokerOptions) -> None:
        self._options = options
        self._now = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, options: BrokerOptions) -> AsyncIterator[Backbone]:
        backbone = cls(options)
        with tempfile.TemporaryDirectory() as folder:
            archive = backbone.archive(Path(folder))
            await archive.start()
            try:
                backbone.mount(archive)
                yield backbone
            finally:
                await archive.close()

    def archive(self, folder: Path) -> Archive:
        """Make the archive that goes with the options."""
        kept = self._options.retention
        retention = ArchiveRetention(entries=kept.entries, size=kept.size, age=kept.age)
        return SqliteArchive(
            ArchiveOptions(
                url=f"sqlite:///{folder}/archive.sqlite",
                retention=retention,
                key_window=self._options.key_window,
                clock=lambda: _EPOCH + self._now,
            )
        )

    def mount(self, archive: Archive) -> None:
        """Put the hub on an archive that was started."""
        self._archive = archive
        self._journal = ForgetfulJournal(archive)
        self._hub = DurableHub(
            self._options, self._journal, clock=lambda: self._now, wall=lambda: _EPOCH + self._now
        )

    @override
    def node(self) -> Broker:
        return DurableBroker(self._options, self._hub)

    @override
    async def elapse(self, seconds: float) -> None:
        self._now += seconds

    @override
    async def stored(self) -> int:
        return len(await self._archive.heads())

    @override
    def lose_answer(self) -> None:
        self._journal.lost_answers = 1
