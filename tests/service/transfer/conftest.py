"""Both archives, for exports and imports."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from archive.base import Archive
from archive.testing.storage import ArchiveMaker
from tests.archive.conftest import MAKERS
from tests.archive.sqlite_storage import SqliteStorage
from tests.service.transfer.histories import opened


@pytest_asyncio.fixture
async def archive() -> AsyncIterator[Archive]:
    """Start an empty SQLite archive."""
    async with opened(SqliteStorage.open) as started:
        yield started


@pytest.fixture(params=MAKERS.values(), ids=list(MAKERS))
def maker(request: pytest.FixtureRequest) -> ArchiveMaker:
    chosen: ArchiveMaker = request.param
    return chosen
