"""Server frames, read by an independent reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wire.frames import PING, text_frame
from tests.service.framing import Frame, FrameReader, Op


def read(data: bytes) -> list[Frame]:
    reader, found = FrameReader(), []
    reader.buffer += data
    while frame := reader.next():
        found.append(frame)
    assert not reader.buffer
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 65_537])
def test_a_text_of_any_size_is_framed(size: int) -> None:
    assert read(text_frame(bytes(size))) == [Frame(Op.TEXT, fin=True, data=bytes(size))]


@given(st.lists(st.binary(max_size=300)))
def test_consecutive_frames_are_read_in_order(payloads: list[bytes]) -> None:
    assert [frame.data for frame in read(b"".join(map(text_frame, payloads)))] == payloads


def test_the_ping_frame_is_valid() -> None:
    assert read(PING) == [Frame(Op.PING, fin=True, data=b"")]
