"""Parse what is published on a room's channel: an entry as `publish.lua` writes it, or a signal."""

from __future__ import annotations

from typing import Final

from brokers.base import Entry

SIGNAL: Final = b"s"
_ENTRY: Final = b"e"


def parse(room: str, data: bytes) -> Entry | bytes:
    """Parse a message into an entry or the payload of a signal.

    Raises:
        ValueError: the format is unknown.
    """
    kind = data[:1]
    if kind == _ENTRY:
        end = data.index(b"\n")
        offset, prev, epoch = data[1:end].split(b" ", 2)
        return Entry(room, epoch.decode(), int(prev), int(offset), data[end + 1 :])
    if kind == SIGNAL:
        return data[1:]
    raise ValueError(f"unknown message type {kind!r}")
