"""Fake connections: they keep the written bytes, and apply backpressure after a set number of writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hubbub_protocol import Close
from service.rooms.fanout import Fanout
from service.rooms.member import Member
from service.wire.codecs import JSON, Codec
from tests.service.framing import FrameReader


class FakeOutlet:
    """A transport that is full after `room` more writes; None means never."""

    def __init__(self, room: int | None = None) -> None:
        self.paused = room == 0
        self.room = room
        self.writes: list[bytes] = []
        self.write: Callable[[bytes], None] = self._take
        self.closed: tuple[Close, str] | None = None

    def _take(self, data: bytes) -> None:
        assert not self.paused, "written to a full transport"
        self.writes.append(data)
        if self.room is not None:
            self.room -= 1
            self.paused = self.room <= 0

    def close(self, code: Close, reason: str) -> None:
        """Note the close. Nothing is written after it."""
        self.closed = (code, reason)
        self.write = lambda _: None

    def flush(self) -> None:
        """Do nothing: only real connections queue."""

    def drain(self, room: int | None = None) -> None:
        """Accept `room` more writes. The test must let the member catch up."""
        self.room, self.paused = room, False

    def values(self) -> list[Any]:
        """Read all frames that were written."""
        reader, found = FrameReader(), []
        reader.buffer += b"".join(self.writes)
        while frame := reader.next():
            found.append(json.loads(frame.data))
        assert not reader.buffer, "half a frame"
        return found

    def offsets(self) -> list[int]:
        """List the offsets of the written messages."""
        return [value["offset"] for value in self.values() if value["type"] == "message"]


def join(
    fanout: Fanout,
    epoch: str,
    cursor: int,
    *,
    codec: Codec = JSON,
    room: int | None = None,
    user: str = "ann",
) -> tuple[Member, FakeOutlet]:
    """Add a member that has received everything up to `cursor`."""
    outlet = FakeOutlet(room)
    member = Member(outlet, codec, user, fanout)
    fanout.add(member, epoch, cursor)
    return member, outlet
