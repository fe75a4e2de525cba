"""What the tests of the archive share."""

from __future__ import annotations

from typing import Final

import pytest

from archive.testing.storage import ArchiveMaker
from tests.archive.postgres_storage import PostgresStorage
from tests.archive.sqlite_storage import SqliteStorage

# Seconds that one kill may take on a busy machine: a start, and clients that reconnect.
_PER_KILL: Final = 8

MAKERS: Final[dict[str, ArchiveMaker]] = {"sqlite": SqliteStorage.open, "postgres": PostgresStorage.open}


@pytest.fixture(params=MAKERS.values(), ids=list(MAKERS))
def archive_maker(request: pytest.FixtureRequest) -> ArchiveMaker:
    chosen: ArchiveMaker = request.param
    return chosen


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the tests that kill nodes the time that they need."""
    kills = config.getoption("--kills")
    for item in items:
        if "kills" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(60 + _PER_KILL * kills))


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How often a node is killed."""
    count: int = request.config.getoption("--kills")
    return count
