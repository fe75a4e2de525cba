"""Pub/sub messages are parsed as they were written; anything else is an error."""

from __future__ import annotations

import pytest

from brokers.base import Entry
from brokers.redis.listen.messages import parse


def test_an_entry_and_a_signal_are_read_as_they_were_written() -> None:
    assert parse("room", b"e12 11 ab.1\nte\nxt") == Entry("room", "ab.1", 11, 12, b"te\nxt")
    assert parse("room", b"s") == b""
    assert parse("room", b"se12") == b"e12"


@pytest.mark.parametrize("data", [b"", b"x", b"e", b"e1 2\n", b"e1 2 3", b"e1 x 3\n", b"\xff\xfe"])
def test_an_unknown_message_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse("room", data)
