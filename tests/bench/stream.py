"""What a room's members must receive: the same bytes, all of them, in the same order.

The first delivery of a message is parsed, its `prev` is checked, and the frame is kept. All further
deliveries are compared with it byte for byte, which costs a copy and a `memcmp` per read. So every delivery
is verified, but only the first one of each message is parsed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from time import monotonic

from tests.bench.wire import read_message


class Stream:
    """One room's message frames, one after the other.

    Attributes:
        ends: where each frame ends in `data`.
        disorder: deliveries of another message than the next one.
        latencies: seconds from `send` to delivery, measured by the `timed` members.
    """

    __slots__ = ("_sent_at", "data", "disorder", "ends", "keys", "latencies", "offset")

    def __init__(self) -> None:
        self.data = bytearray()
        self.ends: list[int] = []
        self.keys: set[str] = set()
        self.offset = 0
        self.disorder = 0
        self.latencies = array("d")
        self._sent_at = array("d")

    def take(self, at: int, frame: bytes, payload: bytes) -> int:
        """Check a message that a member received at position `at`; return its new position."""
        end = at + len(frame)
        if at == len(self.data):
            self._add(frame, payload)
        elif self.data[at:end] != frame:
            self.disorder += 1
            return at
        return end

    def note(self, after: int, through: int) -> None:
        """Record the latencies of the frames that end between two positions."""
        now = monotonic()
        for index in range(bisect_right(self.ends, after), bisect_right(self.ends, through)):
            self.latencies.append(now - self._sent_at[index])

    def delivered(self, at: int) -> int:
        """Return the number of messages up to a position."""
        return bisect_right(self.ends, at)

    def start_of(self, at: int) -> int:
        """Return the start of the frame that contains a position."""
        index = bisect_right(self.ends, at)
        return self.ends[index - 1] if index else 0

    def _add(self, frame: bytes, payload: bytes) -> None:
        message = read_message(payload)
        if message.prev != self.offset or message.offset <= self.offset or message.key in self.keys:
            self.disorder += 1
        self.offset = message.offset
        self.keys.add(message.key)
        self.data += frame
        self.ends.append(len(self.data))
        # The senders put the time first.
        self._sent_at.append(float(message.text.split(maxsplit=1)[0]))
