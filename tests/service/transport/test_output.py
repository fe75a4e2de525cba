"""What a connection holds for its next write: it goes out with a flush, or soon without one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from hubbub_protocol import Close
from service.rooms.member import Member
from service.transport.connection import Connection
from service.wire.codecs import JSON
from tests.service.fanning import Stage, settled, turns


class FakeSocket:
    """A socket that keeps what is written, write by write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.write: Callable[[bytes], None] = self.writes.append

    def close(self, code: int, _reason: str) -> None:
        """Write the code, so that its place among the writes can be seen."""
        self.writes.append(b"close %d" % code)

    def pause_reading(self) -> None:
        """Nothing is read here anyway."""

    def resume_reading(self) -> None:
        """Nothing is read here anyway."""


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    made.fanout.close()


def connect(stage: Stage) -> tuple[Connection, FakeSocket, Member]:
    """Make a connection that is a member."""
    socket = FakeSocket()
    connection = Connection(socket, JSON, stage.metrics, slow_seconds=60)
    member = Member(connection, JSON, "ann", stage.fanout)
    stage.fanout.add(member, "e", stage.log.end)
    return connection, socket, member


def hold(stage: Stage, connection: Connection, data: bytes = b"held ") -> None:
    """Hold something for the flush, as the answer to a `send` is."""
    connection.queue(data)
    stage.fanout.flush_soon(connection)


async def test_what_is_held_goes_out_with_the_flush(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    stage.say()
    hold(stage, connection)
    hold(stage, connection)
    assert socket.writes == []
    await settled(stage)
    [written] = socket.writes
    assert written.startswith(b"held held \x81")


async def test_it_waits_for_a_room_that_rests(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    stage.say()
    await settled(stage)
    stage.say()
    hold(stage, connection)
    await settled(stage)
    assert [data[:5] for data in socket.writes[1:]] == [b"held "]


async def test_without_a_flush_it_goes_out_in_the_next_turn(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    hold(stage, connection)
    assert socket.writes == []
    await turns()
    assert socket.writes == [b"held "]


async def test_it_goes_out_to_one_that_the_flush_leaves_out(stage: Stage) -> None:
    connection, socket, member = connect(stage)
    stage.say()
    hold(stage, connection)
    stage.fanout.remove(member)
    await settled(stage)
    assert socket.writes == [b"held "]


@pytest.mark.parametrize("end", ["close", "flush_now"])
async def test_it_goes_out_when_the_room_flushes_no_more(stage: Stage, end: str) -> None:
    connection, socket, _ = connect(stage)
    stage.say()
    hold(stage, connection)
    getattr(stage.fanout, end)()
    assert socket.writes[0].startswith(b"held ")


async def test_what_is_written_meanwhile_comes_behind_it(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    hold(stage, connection)
    connection.write(b"next")
    await turns()
    assert socket.writes == [b"held next"]


async def test_a_close_comes_behind_it(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    hold(stage, connection)
    connection.close(Close.LAGGING, "")
    await turns()
    assert socket.writes == [b"held ", b"close %d" % Close.LAGGING]


async def test_to_one_that_is_gone_nothing_is_written(stage: Stage) -> None:
    connection, socket, _ = connect(stage)
    hold(stage, connection)
    connection.lost(1006)
    hold(stage, connection)
    await turns()
    assert socket.writes == []
