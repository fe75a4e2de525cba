"""What export and import report: one sentence for the operator."""

from __future__ import annotations


class TransferError(Exception):
    """It can't be exported or imported; the message says what is wrong and what to do."""


class LineError(TransferError):
    """A line of a file can't be imported."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
