"""What all tests of the running service share."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.service.serving import Served, serving


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "settings(**settings): what the test's node is set to")


@pytest.fixture
def no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if anything logged an error: a traceback, a task that failed, input that broke us."""
    yield
    assert not complaints(caplog)


def complaints(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    """List what was logged as an error while the test ran."""
    return [
        (record.name, record.getMessage(), record.exc_text)
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR
    ]


@pytest.fixture
async def served(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Served]:
    """Serve, with what the mark `settings` says; at the end nothing may be left of the test's clients."""
    mark: pytest.Mark | None = request.node.get_closest_marker("settings")
    async with serving(**(mark.kwargs if mark else {})) as here:
        yield here
    assert not complaints(caplog)
