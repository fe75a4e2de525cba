"""What a room's members must receive: the same bytes, all of them, in the same order.

The first member that receives a message has it parsed, and its place in the chain checked; the frame is kept.
All others are compared with what is kept, byte for byte, which costs a copy and a `memcmp` for each read. So
every delivery is verified, and none but the first of each message is parsed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from time import monotonic

from tests.bench.wire import read_message


class Stream:
    """One room's message frames, one behind the other.

    Attributes:
        ends: where each frame ends in `data`.
        disorder: deliveries that were another message than the next one.
        latencies: seconds from `send` to delivery, as those members that are `timed` saw it.
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
        """Take a message that a member received when it had reached `at`; return what it has reached now."""
        end = at + len(frame)
        if at == len(self.data):
            self._add(frame, payload)
        elif self.data[at:end] != frame:
            self.disorder += 1
            return at
        return end

    def note(self, after: int, through: int) -> None:
        """Note when the frames that end between two places were delivered: now."""
        now = monotonic()
        for index in range(bisect_right(self.ends, after), bisect_right(self.ends, through)):
            self.latencies.append(now - self._sent_at[index])

    def delivered(self, at: int) -> int:
        """Count the messages up to a place."""
        return bisect_right(self.ends, at)

    def start_of(self, at: int) -> int:
        """Find where the frame begins in whose midst a place is."""
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
        # The speakers put the time first.
        self._sent_at.append(float(message.text.split(maxsplit=1)[0]))
