"""The table of codecs: how an entry becomes the frame that one kind of connection understands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from brokers.base import Entry
from service.wire.frames import text_frame
from service.wire.messages import entry_event, plain_event


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """One encoding of entries. With `supports_events` a connection receives other events than texts."""

    name: str
    event: Callable[[bytes, Entry], bytes]
    supports_events: bool

    def frame(self, room: bytes, entry: Entry) -> bytes:
        """Frame an entry, or nothing if it has no event; `room` is the room's name as JSON."""
        event = self.event(room, entry)
        return text_frame(event) if event else b""


JSON: Final = Codec("json", entry_event, supports_events=True)
PLAIN: Final = Codec("plain", plain_event, supports_events=False)
