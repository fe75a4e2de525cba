"""The lines that were entered before; the one that is being written is the last."""

from typing import Final

_MOST_REMEMBERED: Final = 200


class InputHistory:
    """Steps through earlier lines, and back to the draft."""

    def __init__(self) -> None:
        self._past: list[str] = []
        self._at = 0
        self._draft = ""

    def entered(self, line: str) -> None:
        """Add a line."""
        self._past = [*self._past, line][-_MOST_REMEMBERED:]
        self._at = len(self._past)
        self._draft = ""

    def step(self, by: int, current: str) -> str | None:
        """Return the previous (-1) or next (1) line; None at the end. `current` is what the input holds."""
        at = min(max(0, self._at + by), len(self._past))
        if at == self._at:
            return None
        if self._at == len(self._past):
            self._draft = current
        self._at = at
        return self._past[at] if at < len(self._past) else self._draft
