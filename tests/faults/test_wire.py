"""A wire passes all bytes until it is disturbed, and again when it is healed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.wire import Wire, laid

LIMIT = 10


class Caller:
    """A connection to a server that echoes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def echo(self, said: bytes) -> bytes:
        self.writer.write(said)
        async with asyncio.timeout(LIMIT):
            return await self.reader.readexactly(len(said))

    async def is_ended(self) -> bool:
        async with asyncio.timeout(LIMIT):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


async def say_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def calling(wire: Wire) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.transport.abort()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    server = await asyncio.start_server(say_again, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with laid(lambda: port) as made:
        yield made
    server.close()


async def test_a_wire_passes_all_bytes(wire: Wire) -> None:
    async with calling(wire) as caller:
        assert await caller.echo(b"x" * 100_000) == b"x" * 100_000


async def test_a_cut_wire_ends_its_connections_and_accepts_new_ones(wire: Wire) -> None:
    async with calling(wire) as first:
        assert await first.echo(b"hello") == b"hello"
        wire.cut()
        assert await first.is_ended()
    async with calling(wire) as second:
        assert await second.echo(b"again") == b"again"


async def test_a_refusing_wire_accepts_no_connection_until_it_is_healed(wire: Wire) -> None:
    wire.refusing = True
    async with calling(wire) as first:
        assert await first.is_ended()
    wire.heal()
    async with calling(wire) as second:
        assert await second.echo(b"again") == b"again"


async def test_a_stalled_wire_passes_nothing_and_later_all_of_it(wire: Wire) -> None:
    async with calling(wire) as caller:
        assert await caller.echo(b"one") == b"one"
        wire.stall()
        waiting = asyncio.get_running_loop().create_task(caller.echo(b"two"))
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        wire.heal()
        assert await waiting == b"two"


async def test_a_late_and_narrow_wire_loses_nothing(wire: Wire) -> None:
    wire.late, wire.narrow = 0.01, 50_000.0
    async with calling(wire) as caller:
        assert await caller.echo(b"x" * 5_000) == b"x" * 5_000


async def test_without_a_listener_a_connection_ends() -> None:
    async with laid(lambda: None) as wire, calling(wire) as caller:
        assert await caller.is_ended()
