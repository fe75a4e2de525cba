"""What nodes say to each other, as far as it can be read."""

from __future__ import annotations

import pytest

from service.cluster.signals import Bye, decode, encode


def test_what_is_written_is_read() -> None:
    assert decode(encode(Bye(node="a"))) == Bye(node="a")


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert decode(b'{"signal": "bye", "node": "a", "more": [1]}') == Bye(node="a")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"signal": "later", "node": "a"}',
        b'{"signal": "bye"}',
        b'{"signal": "bye", "node": 7}',
        b'{"signal": "bye", "node": "\xff"}',
        b'{"signal": "bye", "node": "\\ud800"}',
        b'{"signal": "beat", "node": "a", "lap": "1", "stamps": {}}',
        b'{"signal": "state", "node": "a", "stamp": 1, "at": 1, "part": 0, "parts": 1, "users": [7]}',
        b'{"signal": "bye", "node": "a", "more": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_signal_is_passed_over(payload: bytes) -> None:
    assert decode(payload) is None
