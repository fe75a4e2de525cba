"""uvloop: how its transports treat protocols that follow one another."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.assumptions.claims import assumes
from tests.assumptions.places import FIRST_BYTES, HTTP_PROTOCOL, WEBSOCKET


def _on_uvloop(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    uvloop = pytest.importorskip("uvloop")  # not made for Windows
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


class Taking(asyncio.Protocol):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.paused = asyncio.Event()
        self.lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.data += data

    def pause_writing(self) -> None:
        self.paused.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost.set()


async def _pair(protocol: asyncio.Protocol) -> tuple[asyncio.Transport, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(0)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: protocol, sock=ours)
    return transport, theirs


@assumes(
    "uvloop",
    "Transport.set_protocol",
    where=(FIRST_BYTES, HTTP_PROTOCOL),
    breaks="what a client sends after its upgrade goes to the protocol that read the upgrade",
)
def test_a_protocol_may_be_replaced_while_it_takes_data() -> None:
    """After `set_protocol`, also within `data_received`, all callbacks go to the new protocol."""

    async def work() -> None:
        second = Taking()
        replaced = asyncio.Event()

        class First(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                assert data == b"one"
                transport.set_protocol(second)
                replaced.set()

        transport, theirs = await _pair(First())
        theirs.send(b"one")
        await replaced.wait()
        theirs.send(b"two")
        theirs.close()
        await second.lost.wait()
        assert second.data == b"two"

    _on_uvloop(work)


@assumes(
    "uvloop",
    "Transport.set_write_buffer_limits",
    where=HTTP_PROTOCOL,
    breaks="slow consumers are not noticed, and their output fills the memory",
)
def test_the_new_protocol_is_paused_at_the_new_high_water_mark() -> None:
    """`set_write_buffer_limits(high=…)` stays, and `pause_writing` is called on the protocol that is set."""

    async def work() -> None:
        first, second = Taking(), Taking()
        transport, theirs = await _pair(first)
        transport.set_write_buffer_limits(high=1_000_000)
        transport.set_protocol(second)
        transport.write(bytes(16_000_000))
        await second.paused.wait()
        assert not first.paused.is_set()
        assert transport.get_write_buffer_size() > 1_000_000
        transport.abort()
        theirs.close()

    _on_uvloop(work)


@assumes(
    "uvloop",
    "Transport.write_eof",
    "Transport.can_write_eof",
    where=(FIRST_BYTES, WEBSOCKET),
    breaks="clients see a reset in place of the close code",
)
def test_a_transport_reads_on_after_write_eof() -> None:
    """`write_eof` ends the own half behind what was written; the peer's half is read until it ends too."""

    async def work() -> None:
        protocol = Taking()
        transport, theirs = await _pair(protocol)
        assert transport.can_write_eof()
        transport.write(b"bye")
        transport.write_eof()
        loop = asyncio.get_running_loop()
        assert await loop.sock_recv(theirs, 10) == b"bye"
        assert await loop.sock_recv(theirs, 10) == b""
        theirs.send(b"late")
        theirs.close()
        await protocol.lost.wait()
        assert protocol.data == b"late"

    _on_uvloop(work)


@assumes(
    "uvloop",
    "Transport.pause_reading",
    "Transport.resume_reading",
    where=WEBSOCKET,
    breaks="a connection that is held twice fails",
)
def test_reading_may_be_paused_and_resumed_twice() -> None:
    """`pause_reading` and `resume_reading` do nothing where they change nothing."""

    async def work() -> None:
        transport, theirs = await _pair(Taking())
        for turn in (transport.pause_reading, transport.resume_reading):
            turn()
            turn()
        transport.abort()
        theirs.close()

    _on_uvloop(work)
