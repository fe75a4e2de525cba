"""What goes over a room's channel: an entry as the script wrote it, or a signal."""

from __future__ import annotations

from typing import Final

from brokers.base import Entry

SIGNAL: Final = b"s"
_ENTRY: Final = b"e"


def parse(room: str, data: bytes) -> Entry | bytes:
    """Read a message: an entry, or the payload of a signal.

    Raises:
        ValueError: it is not one of ours.
    """
    kind = data[:1]
    if kind == _ENTRY:
        end = data.index(b"\n")
        offset, prev, epoch = data[1:end].split(b" ", 2)
        return Entry(room, epoch.decode(), int(prev), int(offset), data[end + 1 :])
    if kind == SIGNAL:
        return data[1:]
    raise ValueError(f"a message that begins with {kind!r}")
