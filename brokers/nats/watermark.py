"""Remember the newest entry that this node knows, across sessions."""

from __future__ import annotations


class Watermark:
    """The newest known entry of one epoch.

    NATS may be restored to a time before it. The stream then has the same name and the same creation time,
    and gives its offset to another entry.
    """

    def __init__(self) -> None:
        self.epoch = ""
        self.offset = 0
        self.message_id = ""

    def begin(self, epoch: str) -> None:
        """Begin a session; entries of another epoch are forgotten."""
        if epoch != self.epoch:
            self.epoch, self.offset, self.message_id = epoch, 0, ""

    def note(self, offset: int, message_id: str) -> None:
        """Note that an entry is stored."""
        if offset > self.offset:
            self.offset, self.message_id = offset, message_id

    def copy(self) -> Watermark:
        """Copy it, to compare it with a reply to a request that is sent now."""
        copied = Watermark()
        copied.epoch, copied.offset, copied.message_id = self.epoch, self.offset, self.message_id
        return copied
