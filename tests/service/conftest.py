"""Fixtures for all tests of the running service."""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop, new_event_loop
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Final, TypeAlias

import pytest
import uvloop

from service.settings.tuning import DEFAULTS, Tuning
from tests.service.serving import Served, serving

LoopFactory: TypeAlias = Callable[[], AbstractEventLoop]

BOTH_LOOPS: Final[Mapping[str, LoopFactory]] = {"asyncio": new_event_loop, "uvloop": uvloop.new_event_loop}
_ON_BOTH: Final = frozenset({"test_http_protocol", "test_leftovers", "test_websocket", "test_server"})


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "settings(**settings): settings of the node")
    config.addinivalue_line("markers", "tuning(**fields): limits of the node that have no setting")


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Run tests of sockets on both loops, because their transports differ when a peer disconnects."""
    return BOTH_LOOPS if item.path.stem in _ON_BOTH else {"asyncio": new_event_loop}


@pytest.fixture
def no_errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if an error was logged: a traceback, a failed task, an unexpected error in input."""
    yield
    assert not logged_errors(caplog)


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    """List the errors that were logged during the test."""
    return [
        (record.name, record.getMessage(), record.exc_text)
        for record in caplog.get_records("call")
        if record.levelno >= logging.ERROR
    ]


@pytest.fixture
async def served(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Served]:
    """Run a node with the marks `settings` and `tuning`; fail if it keeps anything of the test's clients."""
    mark: pytest.Mark | None = request.node.get_closest_marker("settings")
    tuned: pytest.Mark | None = request.node.get_closest_marker("tuning")
    tuning = Tuning(**tuned.kwargs) if tuned else DEFAULTS
    async with serving(tuning=tuning, **(mark.kwargs if mark else {})) as here:
        yield here
    assert not logged_errors(caplog)
