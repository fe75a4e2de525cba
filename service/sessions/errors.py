"""What a command can be refused with: the error tree of the sessions.

CommandError    the connection lives on; the client is told with an `error` event
"""

from __future__ import annotations

from math import ceil

from hubbub_protocol import Code, events


class CommandError(Exception):
    """A command was refused. `retry_after` is in seconds."""

    def __init__(
        self, code: Code, message: str, *, retry_after: float | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        self.suggestion = suggestion

    def event(self, command: int | None) -> events.Error:
        """Make the event that tells it; `command` is the id of the refused command, if it's known."""
        return events.Error(
            code=self.code,
            message=str(self),
            retry=self.code.retry,
            id=command,
            retry_after=None if self.retry_after is None else ceil(self.retry_after * 1000),
            suggestion=self.suggestion,
        )
