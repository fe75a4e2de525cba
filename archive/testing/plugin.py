"""The fixtures and markers of the suite, as a pytest plugin: `pytest_plugins = ["archive.testing.plugin"]`.

It asks for one fixture of its user, `archive_maker`: what opens the storage of the archive to be proven.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from archive.base import Archive, ArchiveOptions
from archive.testing.promises import PROMISES
from archive.testing.storage import ArchiveMaker, Storage


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, one for each promise."""
    for number, name in PROMISES.items():
        config.addinivalue_line("markers", f"{number}: proves this promise of archive.base: {name}")
    config.addinivalue_line(
        "markers", "archived(needs, options): the ability and the options of a test of the archive's contract"
    )


@pytest.fixture
def archive_options(request: pytest.FixtureRequest) -> ArchiveOptions:
    """Return what the archives of this test are made from."""
    mark: pytest.Mark | None = request.node.get_closest_marker("archived")
    given = mark.kwargs["options"] if mark else {}
    return ArchiveOptions(url="", **{name: value for name, value in given.items() if value is not None})


@pytest_asyncio.fixture(loop_scope="function")
async def storage(
    archive_maker: ArchiveMaker, archive_options: ArchiveOptions, request: pytest.FixtureRequest
) -> AsyncIterator[Storage]:
    """Open an empty storage; skip the test if it lacks what the test needs."""
    async with archive_maker(archive_options) as opened:
        for mark in request.node.iter_markers("archived"):
            ability = mark.kwargs["needs"]
            if ability and not getattr(opened.abilities, ability):
                pytest.skip(f"needs {ability}")
        yield opened


@pytest_asyncio.fixture(loop_scope="function")
async def archive(storage: Storage) -> AsyncIterator[Archive]:
    """Start an archive on the storage."""
    made = storage.archive()
    await made.start()
    yield made
    await made.close()
