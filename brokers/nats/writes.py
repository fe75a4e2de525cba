"""Remember whether NATS accepts entries, across sessions, and log when that changes."""

from __future__ import annotations

import logging
from typing import Final

_log: Final = logging.getLogger(__name__)


class Writes:
    """Whether the stream accepts entries.

    Only a probe ends a refusal. The entries of single rooms may be refused or accepted for reasons of their
    own, and would make this flap.

    Attributes:
        refused: the reason; empty if entries are accepted.
        size: the largest payload that was refused. A probe has to be as large: a stream that is almost full
        still
            accepts a small one.
    """

    def __init__(self) -> None:
        self.refused = ""
        self.size = 0

    def refuse(self, reason: str, size: int = 0) -> None:
        """Note that an entry was refused; log the first time."""
        if not self.refused:
            _log.warning("nats_writes_refused", extra={"reason": reason})
        self.refused = reason
        self.size = max(self.size, size)

    def accept(self) -> None:
        """Note that a probe was stored; log the end of a refusal."""
        if self.refused:
            _log.info("nats_writes_accepted", extra={"refused_before": self.refused})
        self.refused = ""
        self.size = 0
