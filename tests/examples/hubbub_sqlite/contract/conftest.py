"""Run hubbub's contract suite on the SQLite broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from brokers.base import Broker, BrokerOptions
from brokers.testing.backbone import Abilities, Backbone, Maker
from hubbub_sqlite.broker import SqliteBroker

pytest_plugins = ["brokers.testing.plugin"]


class SqliteBackbone(Backbone):
    """A file in its own folder; moving the folder away is an outage."""

    abilities = Abilities(interruption=True, bounded_rooms=False)

    def __init__(self, folder: Path, options: BrokerOptions) -> None:
        self._folder = folder
        self._away = folder.with_name("away")
        self._options = replace(options, url=f"sqlite://{folder}/chat.db")

    @override
    def node(self) -> Broker:
        return SqliteBroker(self._options)

    @override
    async def elapse(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @override
    async def interrupt(self) -> None:
        self._folder.rename(self._away)

    @override
    async def restore(self) -> None:
        self._away.rename(self._folder)


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    @asynccontextmanager
    async def opened(options: BrokerOptions) -> AsyncIterator[Backbone]:
        folder = tmp_path / "backbone"
        folder.mkdir()
        yield SqliteBackbone(folder, options)

    return opened
