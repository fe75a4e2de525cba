"""Decide whether a log is linearizable: an independent judge of the order of a room.

It shares no code with the other checks, and asks one question only: is there one moment for each operation,
between its begin and its end, at which it took effect at once?

A log has its own order, so no search is needed, as it would be for a register (which is NP-complete:
Gibbons and Korach, "Testing shared memories", 1997). The moments of the appends must follow the log. A read
that saw so many entries is between two of them. So the earliest moments are assigned in the order of the log;
if one of them is too late for its operation, every other assignment is, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Operation:
    """An append, or a read. The end is infinite if it was never answered: it may take effect at any time."""

    name: str
    begin: float
    end: float = inf


@dataclass(frozen=True, slots=True)
class Read(Operation):
    """A read that saw the first `length` entries of the log, and no more."""

    length: int = 0


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An operation that ended too early: `cause` can't have taken effect before `begin`."""

    operation: Operation
    cause: Operation

    @property
    def says(self) -> str:
        """One sentence."""
        return f"{self.operation.name} ended before {self.cause.name} began, which must precede it"


def contradiction(log: Sequence[Operation], reads: Sequence[Read]) -> Contradiction | None:
    """Return why there is no linearization of a log and its reads, or None if there is one.

    `log` has the appends in the order of the log.
    """
    by_length: defaultdict[int, list[Read]] = defaultdict(list)
    for read in reads:
        by_length[read.length].append(read)
    latest: Operation | None = None
    for length in range(len(log) + 1):
        # A read is before the append of the next entry, and after that of its last one.
        steps: list[list[Operation]] = [[*by_length[length]], [*log[length : length + 1]]]
        for step in steps:
            for operation in step:
                if latest is not None and latest.begin > operation.end:
                    return Contradiction(operation, latest)
            latest = max((*([latest] if latest else []), *step), key=lambda each: each.begin, default=None)
    return None
