"""The server of all tests; each test uses rooms of its own."""

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.brokers.certificates import Authority
from tests.hubbub_cli.server import Server, serving
from tests.hubbub_cli.terminals import Terminals

_numbers = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def room() -> str:
    """Return the name of an empty room."""
    return f"room-{next(_numbers)}"


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[Terminals]:
    """Open terminals that close with the test."""
    if shutil.which("tmux") is None:
        pytest.skip("needs tmux")
    opened = Terminals(tmp_path / "tmux")
    yield opened
    opened.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)
