"""The backbone of a broker with an archive behind it: it keeps the promises of the broker."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from typing_extensions import override

from archive.base import Archive, ArchiveOptions
from archive.sqlite import SqliteArchive
from brokers.base import Broker, BrokerOptions
from brokers.testing.backbone import Backbone
from service.archiving.archived_broker import ArchivedBroker
from tests.contract.makers import MemoryBackbone


class ArchivedBackbone(MemoryBackbone):
    """A hub in memory, whose brokers read in an archive where the hub has trimmed."""

    def __init__(self, options: BrokerOptions, archive: Archive) -> None:
        super().__init__(options)
        self._archive = archive

    @classmethod
    @asynccontextmanager
    @override
    async def open(cls, options: BrokerOptions) -> AsyncIterator[Backbone]:
        with tempfile.TemporaryDirectory() as folder:
            archive = SqliteArchive(ArchiveOptions(url=f"sqlite:///{folder}/archive.sqlite"))
            await archive.start()
            try:
                yield cls(options, archive)
            finally:
                await archive.close()

    @override
    def node(self) -> Broker:
        return ArchivedBroker(super().node(), self._archive, lambda *_: None)
