"""Encode and decode the signals between nodes."""

from __future__ import annotations

import pytest

from service.cluster.signals import NodeLeaving, decode, encode


def test_an_encoded_signal_is_decoded() -> None:
    assert decode(encode(NodeLeaving(node="a"))) == NodeLeaving(node="a")


def test_fields_of_a_later_version_are_ignored() -> None:
    assert decode(b'{"signal": "bye", "node": "a", "more": [1]}') == NodeLeaving(node="a")


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
def test_invalid_signals_are_ignored(payload: bytes) -> None:
    assert decode(payload) is None
