"""The checker detects each kind of fault."""

import json

from tests.bench.stream import Stream


def frame(offset: int, *, prev: int | None = None, key: str | None = None) -> tuple[bytes, bytes]:
    event = {
        "type": "message",
        "offset": offset,
        "prev": offset - 1 if prev is None else prev,
        "key": key or f"k{offset}",
        "text": "0.5 hello",
    }
    payload = json.dumps(event).encode()
    return b"\x81\x7e" + len(payload).to_bytes(2) + payload, payload


def test_members_that_receive_the_same_reach_the_same_position() -> None:
    stream = Stream()
    first = stream.take(0, *frame(1))
    assert (
        stream.take(first, *frame(2)) == stream.take(stream.take(0, *frame(1)), *frame(2)) == len(stream.data)
    )
    assert stream.disorder == 0
    assert stream.delivered(first) == 1


def test_a_position_within_a_frame_is_not_a_delivery() -> None:
    stream = Stream()
    first = stream.take(0, *frame(1))
    stream.take(first, *frame(2))
    assert stream.delivered(first + 1) == 1
    assert stream.start_of(first + 1) == first
    assert stream.start_of(first - 1) == 0


def test_a_message_that_one_member_missed_is_found() -> None:
    stream = Stream()
    stream.take(stream.take(0, *frame(1)), *frame(2))
    assert stream.take(0, *frame(2)) == 0
    assert stream.disorder == 1


def test_a_message_that_everybody_missed_is_found() -> None:
    stream = Stream()
    stream.take(stream.take(0, *frame(1)), *frame(3))
    assert stream.disorder == 1


def test_a_message_that_is_stored_twice_is_found() -> None:
    stream = Stream()
    stream.take(stream.take(0, *frame(1)), *frame(2, key="k1"))
    assert stream.disorder == 1


def test_latencies_count_from_the_time_in_the_text() -> None:
    stream = Stream()
    end = stream.take(0, *frame(1))
    stream.note(0, end)
    assert len(stream.latencies) == 1
    assert stream.latencies[0] > 0
