"""A connection that has not become anything yet, when the server stops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from typing_extensions import override

from service.gateway.acceptor import Acceptor
from service.gateway.admission import Admission
from service.gateway.gateway import Gateway, Sockets
from service.node import Node
from service.runtime.metrics import Metrics
from service.settings.tuning import DEFAULTS
from tests.service.peer import Peer
from tests.service.serving import quick, until


class Line(asyncio.Transport):
    """A transport that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = self.aborted = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    @override
    def write_eof(self) -> None:
        self.ended = True

    @override
    def abort(self) -> None:
        self.aborted = True


@pytest.fixture
def sockets() -> Sockets:
    return set()


@pytest.fixture
def front(sockets: Sockets) -> Acceptor:
    metrics = Metrics()
    admission = Admission(quick(admissions_per_second=0.1, admissions_burst=1), metrics)
    assert not admission.ask()
    node = SimpleNamespace(
        metrics=metrics, settings=quick(connections=10, close_seconds=0.05), tuning=DEFAULTS
    )
    return Acceptor(Gateway(cast("Node", node), admission), connections=sockets)


async def test_one_that_said_nothing_is_dropped(front: Acceptor, sockets: Sockets) -> None:
    line = Line()
    front.connection_made(line)
    assert front in sockets
    assert front.close_if_idle()
    assert line.aborted
    front.connection_lost(None)
    assert not sockets


async def test_one_that_was_turned_away_may_read_it_for_so_long(front: Acceptor, sockets: Sockets) -> None:
    line = Line()
    front.connection_made(line)
    front.data_received(Peer.handshake())
    assert b'"drain"' in line.written
    assert line.ended
    assert not front.close_if_idle()
    assert not line.aborted
    await until(lambda: line.aborted)
    front.connection_lost(None)
    assert not sockets
