"""Queued output: it is written with the next flush, or in the next turn of the loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from hubbub_protocol import Close
from service.rooms.member import Member
from service.transport.connection import Connection
from service.transport.input_budget import InputRate
from service.wire.codecs import JSON
from tests.service.fanning import Stage, settled, turns
from tests.service.serving import quick


class FakeSocket:
    """A socket that keeps what is written, write by write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.write: Callable[[bytes], None] = self.writes.append

    def close(self, code: int, _reason: str, *, read: bool = True) -> None:  # noqa: ARG002 - nothing is read
        """Write the code, to show its place among the writes."""
        self.writes.append(b"close %d" % code)

    def pause_reading(self) -> None:
        """Do nothing, because nothing is read."""

    def resume_reading(self) -> None:
        """Do nothing, because nothing is read."""


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.fanout.close()


def connect(stage: Stage) -> tuple[Connection, FakeSocket, Member]:
    """Make a connection that is a member of the room."""
    socket = FakeSocket()
    connection = Connection(socket, JSON, stage.metrics, slow_seconds=60, rate=InputRate.of(quick()))
    member = Member(connection, JSON, "ann", stage.fanout)
    stage.fanout.add(member, "e", stage.log.end)
    return connection, socket, member


def queue(stage: Stage, connection: Connection, data: bytes = b"queued ") -> None:
    """Queue bytes for the flush, like the acknowledgement of a `send`."""
    connection.queue(data)
    stage.fanout.flush_soon(connection)


async def test_queued_bytes_are_written_with_the_flush(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    stage.append()
    queue(stage, connection)
    queue(stage, connection)
    assert socket.writes == []
    await settled(stage)
    [written] = socket.writes
    assert written.startswith(b"queued queued \x81")


async def test_queued_bytes_wait_for_a_room_between_two_flushes(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    stage.append()
    await settled(stage)
    stage.append()
    queue(stage, connection)
    await settled(stage)
    assert [data[:7] for data in socket.writes[1:]] == [b"queued "]


async def test_queued_bytes_without_a_flush_are_written_in_the_next_turn(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    queue(stage, connection)
    assert socket.writes == []
    await turns()
    assert socket.writes == [b"queued "]


async def test_queued_bytes_are_written_to_a_connection_outside_the_flush(stage: Stage) -> None:
    connection, socket, member = connect(stage)
    stage.append()
    queue(stage, connection)
    stage.fanout.remove(member)
    await settled(stage)
    assert socket.writes == [b"queued "]


@pytest.mark.parametrize("end", ["close", "flush_now"])
async def test_queued_bytes_are_written_when_the_room_stops_to_flush(stage: Stage, end: str) -> None:
    connection, socket, _ = connect(stage)
    stage.append()
    queue(stage, connection)
    getattr(stage.fanout, end)()
    assert socket.writes[0].startswith(b"queued ")


async def test_a_later_write_follows_the_queued_bytes(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    queue(stage, connection)
    connection.write(b"next")
    await turns()
    assert socket.writes == [b"queued next"]


async def test_a_close_follows_the_queued_bytes(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    queue(stage, connection)
    connection.close(Close.LAGGING, "")
    await turns()
    assert socket.writes == [b"queued ", b"close %d" % Close.LAGGING]


async def test_nothing_is_written_to_a_lost_connection(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    queue(stage, connection)
    connection.lost(1006)
    queue(stage, connection)
    await turns()
    assert socket.writes == []
