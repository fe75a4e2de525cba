"""An accepted socket before and after a rejection, when the server stops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from typing_extensions import override

from service.gateway.acceptor import Acceptor
from service.gateway.admission import Admission
from service.gateway.gateway import Gateway, Sockets
from service.identity.address_limits import AddressLimits
from service.identity.addresses import Addresses
from service.node import Node
from service.runtime.descriptors import SocketLimits
from service.runtime.metrics import Metrics
from service.settings.tuning import DEFAULTS
from service.transport.input_turns import InputTurns
from tests.service.peer import Peer
from tests.service.serving import quick, until


class FakeTransport(asyncio.Transport):
    """A transport that keeps the written bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.ended = self.aborted = self.paused = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    @override
    def write_eof(self) -> None:
        self.ended = True

    @override
    def abort(self) -> None:
        self.aborted = True

    @override
    def is_closing(self) -> bool:
        return self.aborted

    @override
    def pause_reading(self) -> None:
        self.paused = True

    @override
    def resume_reading(self) -> None:
        self.paused = False


@pytest.fixture
def sockets() -> Sockets:
    return set()


@pytest.fixture
def gateway() -> Gateway:
    metrics = Metrics()
    admission = Admission(quick(admissions_per_second=0.1, admissions_burst=1), metrics)
    assert not admission.take()
    node = SimpleNamespace(
        metrics=metrics,
        settings=quick(connections=10, close_seconds=0.05),
        tuning=DEFAULTS,
        limits=SocketLimits(10, 20),
        addresses=Addresses([]),
        address_limits=AddressLimits(quick(), DEFAULTS.sockets_per_address),
    )
    return Gateway(cast("Node", node), admission, InputTurns(DEFAULTS))


@pytest.fixture
def acceptor(gateway: Gateway, sockets: Sockets) -> Acceptor:
    return Acceptor(gateway, connections=sockets)


async def test_a_silent_socket_is_aborted_when_the_server_stops(acceptor: Acceptor, sockets: Sockets) -> None:
    transport = FakeTransport()
    acceptor.connection_made(transport)
    assert acceptor in sockets
    assert acceptor.close_if_idle()
    assert transport.aborted
    acceptor.connection_lost(None)
    assert not sockets


async def test_a_rejected_client_has_a_time_limit_to_read_the_reason(
    acceptor: Acceptor, sockets: Sockets
) -> None:
    transport = FakeTransport()
    acceptor.connection_made(transport)
    acceptor.data_received(Peer.handshake())
    assert b'"drain"' in transport.written
    assert transport.ended
    assert not acceptor.close_if_idle()
    assert not transport.aborted
    await until(lambda: transport.aborted)
    acceptor.connection_lost(None)
    assert not sockets


async def test_a_tls_client_is_answered_at_once(acceptor: Acceptor, sockets: Sockets) -> None:
    transport = FakeTransport()
    acceptor.connection_made(transport)
    acceptor.data_received(b"\x16\x03\x01\x02\x00\x01\x00")
    assert transport.written.startswith(b"HTTP/1.1 400 ")
    assert transport.ended
    await until(lambda: transport.aborted)
    acceptor.connection_lost(None)
    assert not sockets


class Other:
    """Another connection whose input waits."""

    def take_turn(self) -> None: ...


async def test_sockets_become_http_in_turns_while_others_wait(
    gateway: Gateway, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[bytes] = []
    monkeypatch.setattr(Acceptor, "_become_http", lambda _, data: became.append(data))
    transports = [FakeTransport() for _ in range(6)]
    acceptors = [Acceptor(gateway, connections=sockets) for _ in transports]
    for number, (acceptor, transport) in enumerate(zip(acceptors, transports, strict=True)):
        acceptor.connection_made(transport)
        acceptor.data_received(b"GET /%d HTTP/1.1\r\n" % number)
        assert transport.paused == (number > 0), "no other waits, or further bytes would be lost"
        if not number:
            gateway.turns.add(Other())
    transports[1].abort()
    acceptors[2].connection_lost(None)
    for served in range(1, 8):
        assert len(became) <= served
        await asyncio.sleep(0)
    assert became == [b"GET /%d HTTP/1.1\r\n" % number for number in (0, 3, 4, 5)]
    assert not any(transport.paused for transport in transports[3:])
    for acceptor in acceptors:
        acceptor.connection_lost(None)
