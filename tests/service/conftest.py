"""What all tests of the running service share."""

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
    config.addinivalue_line("markers", "settings(**settings): what the test's node is set to")
    config.addinivalue_line("markers", "tuning(**fields): the node's times and bounds without a setting")


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Run what is about sockets on both loops: transports differ in what they do when a peer is gone."""
    return BOTH_LOOPS if item.path.stem in _ON_BOTH else {"asyncio": new_event_loop}


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
    tuned: pytest.Mark | None = request.node.get_closest_marker("tuning")
    tuning = Tuning(**tuned.kwargs) if tuned else DEFAULTS
    async with serving(tuning=tuning, **(mark.kwargs if mark else {})) as here:
        yield here
    assert not complaints(caplog)
