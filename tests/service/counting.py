"""Counts the bytecode instructions of our own code: a measure of work that other load does not disturb."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

_ROOT: Final = Path(__file__).parents[2]
_OURS: Final = tuple(f"{_ROOT / folder}/" for folder in ("service", "brokers", "clients/protocol"))


@contextmanager
def instructions() -> Iterator[Counter[str]]:
    """Count the instructions of this thread by function, for the time of the block."""
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - a tracer returns a tracer
        if event == "opcode":
            counts[frame.f_code.co_qualname] += 1
        return count

    def enter(frame: FrameType, _event: str, _: object) -> Any:  # noqa: ANN401 - the same
        if not frame.f_code.co_filename.startswith(_OURS):
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return count

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield counts
    finally:
        sys.settrace(before)
