"""The fast path for frames, compared with the library that implements all of the RFC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from service.transport import frame_parser
from tests.service.framing import Op, frame

MAX = 300


def read_by_library(data: bytes) -> tuple[list[str | bytes], bool]:
    """Read the texts and the payloads of pings with the library; return them, and whether it failed."""
    protocol = ServerProtocol(max_size=MAX, state=State.OPEN)
    protocol.receive_data(data)
    frames = [event for event in protocol.events_received() if isinstance(event, Frame)]
    found: list[str | bytes] = [
        bytes(each.data).decode() if each.opcode is Opcode.TEXT else bytes(each.data)
        for each in frames
        if each.opcode is Opcode.PING or (each.opcode is Opcode.TEXT and each.fin)
    ]
    return found, protocol.parser_exc is not None


@given(
    st.lists(
        st.one_of(
            st.text(max_size=MAX // 4).map(frame),
            st.binary(max_size=125).map(lambda data: frame(data, Op.PONG)),
            st.binary(max_size=125).map(lambda data: frame(data, Op.PING)),
        ),
        max_size=5,
    ),
    st.data(),
)
def test_fast_frames_are_parsed_as_the_library_parses_them(frames: list[bytes], draw: st.DataObject) -> None:
    whole = b"".join(frames)
    # The received data may end anywhere.
    data = bytearray(whole[: draw.draw(st.integers(0, len(whole)))])
    texts, _ = read_by_library(bytes(data))
    found = list[str | bytes]()
    while data and (read := frame_parser.read(data, MAX)):
        if not read.end:
            break
        if read.text is not None:
            found.append(read.text)
        elif read.ping is not None:
            found.append(read.ping)
        del data[: read.end]
    else:
        assert not data
    assert found == texts


@given(st.binary(min_size=1, max_size=40))
def test_a_frame_that_the_library_rejects_is_never_a_fast_frame(data: bytes) -> None:
    rest = bytearray(data)
    try:
        while rest and (read := frame_parser.read(rest, MAX)) and read.end:
            del rest[: read.end]
    except UnicodeDecodeError:
        return
    if not rest or read is not None:
        # All of it took the fast path, or is incomplete.
        assert read_by_library(data)[1] is False


@pytest.mark.parametrize(
    "data",
    [
        frame("a", fin=False),
        frame("a", Op.CONT),
        frame(b"", Op.PING, fin=False),
        frame(bytes(126), Op.PING),
        frame(b"a", Op.BINARY),
        b"\x81\x01a",
        b"\xc1\x81\x00\x00\x00\x00a",
        frame("a" * (MAX + 1)),
        b"\x81\xff" + bytes(20),
        b"\x88\x80\x00\x00\x00\x00",
    ],
)
def test_other_frames_need_the_library(data: bytes) -> None:
    assert frame_parser.read(bytearray(data), MAX) is None


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, MAX])
def test_texts_of_all_sizes_are_parsed_when_they_are_complete(size: int) -> None:
    data = frame("a" * size)
    for end in range(1, len(data)):
        read = frame_parser.read(bytearray(data[:end]), MAX)
        assert read is not None
        assert read.end == 0
    assert frame_parser.read(bytearray(data + b"\x81"), MAX) == frame_parser.FastFrame("a" * size, len(data))


def whole_text_read(data: bytes) -> str | None:
    """Return the text that `read` finds, if nothing follows it."""
    try:
        found = frame_parser.read(bytearray(data), MAX)
    except UnicodeDecodeError:
        return None
    return found.text if found is not None and found.end == len(data) else None


@given(
    st.one_of(
        st.binary(min_size=1, max_size=20),
        st.builds(bytes.__add__, st.just(b"\x81"), st.binary(max_size=20)),
        st.binary(max_size=140).map(frame),
        st.text(max_size=MAX // 4).map(frame),
    ),
    st.integers(0, 2),
)
def test_data_is_one_whole_text_where_nothing_is_before_or_after_it(data: bytes, cut: int) -> None:
    for each in (data, data[: len(data) - cut], data + bytes(cut)):
        if each:
            assert frame_parser.read_whole(each, MAX) == whole_text_read(each)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, MAX, MAX + 1])
def test_a_whole_text_of_any_size_on_the_fast_path_is_read_at_once(size: int) -> None:
    data = frame("a" * size)
    assert frame_parser.read_whole(data, MAX) == ("a" * size if size <= MAX else None)
    assert frame_parser.read_whole(b"\x81\xff" + bytes(131), MAX) is None


@given(st.binary(max_size=70_000), st.booleans(), st.integers(0, 20))
def test_the_size_of_a_frame_is_known_from_its_header(data: bytes, masked: bool, rest: int) -> None:  # noqa: FBT001 - part of an example
    whole = bytearray(frame(data, masked=masked))
    assert frame_parser.frame_size(whole + bytes(rest)) == len(whole)
    header = len(whole) - len(data) - (4 if masked else 0)
    assert frame_parser.frame_size(whole[:header]) == len(whole)
    assert frame_parser.frame_size(whole[: header - 1]) == 0
