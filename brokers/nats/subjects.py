"""What things are called in NATS: rooms as tokens of subjects, and the subjects and streams of a prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_OTHER: Final = re.compile(rb"[^A-Za-z0-9_-]")
# No room is called so: behind a `=` a name has two digits.
_EMPTY: Final = "=empty"
_PROBE: Final = "=probe"


def token(text: str) -> str:
    """Write any text as one token: plain names as they are, so that an operator can read them.

    Different texts have different tokens, none is empty and none holds a wildcard, a dot or a space.
    """
    return _OTHER.sub(lambda byte: b"=%02X" % byte[0][0], text.encode()).decode() or _EMPTY


@dataclass(frozen=True, slots=True)
class Subjects:
    """The subjects and streams of one hubbub.

    An entry is published to `in`, stored in `entries`, and handed on by the server to `out`. Who listens to a
    room listens to its `out` and its `sig`. `heads` stores the last entry of each room, for when all of it is
    too old.
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
        """What the stream of entries stores."""
        return f"{self.prefix}.in.*"

    @property
    def every_out(self) -> str:
        """What the server hands on."""
        return f"{self.prefix}.out.*"

    @property
    def probe_in(self) -> str:
        """Where probes go in, as if they were a room's entries."""
        return f"{self.prefix}.in.{_PROBE}"

    @property
    def probe_out(self) -> str:
        """Where probes come out."""
        return f"{self.prefix}.out.{_PROBE}"

    @property
    def elections(self) -> str:
        """Where NATS tells which server leads the stream of entries."""
        return f"$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.{self.entries}"

    def entry_in(self, room: str) -> str:
        """Where a room's entries are published."""
        return f"{self.prefix}.in.{token(room)}"

    def entry_out(self, room: str) -> str:
        """Where a room's entries are heard."""
        return f"{self.prefix}.out.{token(room)}"

    def signal(self, room: str) -> str:
        """Where a room's signals are published and heard."""
        return f"{self.prefix}.sig.{token(room)}"


def message_id(room: str, key: str) -> str:
    """Tell one key of one room from all others: ids are one space for the whole stream."""
    return f"{token(room)}.{token(key)}"
