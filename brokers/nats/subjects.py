"""Name subjects and streams under a prefix; a room is one token of a subject."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_OTHER: Final = re.compile(rb"[^A-Za-z0-9_-]")
# No room has these tokens: in an encoded name, `=` is followed by two hexadecimal digits.
_EMPTY: Final = "=empty"
_PROBE: Final = "=probe"


def token(text: str) -> str:
    """Encode any text as one token of a subject; plain names stay readable.

    Different texts have different tokens. No token is empty or contains a wildcard, a dot or a space.
    """
    return _OTHER.sub(lambda byte: b"=%02X" % byte[0][0], text.encode()).decode() or _EMPTY


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects and streams of one installation, under its prefix.

    An entry is published to `in`, stored in `entries`, and republished by the server to `out`. A node
    subscribes to the `out` and `sig` subjects of its rooms. `heads` stores the last entry of each room, so
    that the head stays known when all entries have expired.
    """

    prefix: str

    @property
    def entries(self) -> str:
        """The stream of all entries."""
        return f"{self.prefix}_entries"

    @property
    def heads(self) -> str:
        """The stream of each room's last entry."""
        return f"{self.prefix}_heads"

    @property
    def every_in(self) -> str:
        """The subjects that the stream of entries stores."""
        return f"{self.prefix}.in.*"

    @property
    def every_out(self) -> str:
        """The subjects that the server republishes to."""
        return f"{self.prefix}.out.*"

    @property
    def probe_in(self) -> str:
        """The subject that probes are published to; it is stored like a room's."""
        return f"{self.prefix}.in.{_PROBE}"

    @property
    def probe_out(self) -> str:
        """The subject that probes are republished to."""
        return f"{self.prefix}.out.{_PROBE}"

    @property
    def elections(self) -> str:
        """The subject on which NATS reports the leader of the stream of entries."""
        return f"$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.{self.entries}"

    def entry_in(self, room: str) -> str:
        """Name the subject that a room's entries are published to."""
        return f"{self.prefix}.in.{token(room)}"

    def entry_out(self, room: str) -> str:
        """Name the subject that a room's entries are republished to."""
        return f"{self.prefix}.out.{token(room)}"

    def out_of(self, entry_in: str) -> str:
        """Name the subject that the entries of a subject are republished to."""
        return f"{self.prefix}.out.{entry_in.removeprefix(f'{self.prefix}.in.')}"

    def signal(self, room: str) -> str:
        """Name the subject of a room's signals."""
        return f"{self.prefix}.sig.{token(room)}"


def message_id(room: str, key: str) -> str:
    """Compute a message ID: keys of all rooms share one namespace in the stream."""
    return f"{token(room)}.{token(key)}"
