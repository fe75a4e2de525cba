"""The error tree of the sessions.

CommandError    the command failed, the connection stays open; the client receives an `error` event
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from math import ceil
from typing import Final

from hubbub_protocol import Code, events
from hubbub_protocol.names import MAX_ROOM_BYTES, room_fault
from service.moderation.actions import ModerationAction

# Seconds: an archive that is away is tried again by the node in about this time.
_ARCHIVE_RETRY: Final = 5.0


class CommandError(Exception):
    """A command was rejected. The message becomes a sentence; `retry_after` is in seconds."""

    def __init__(
        self, code: Code, message: str, *, retry_after: float | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(_sentence(message))
        self.code = code
        self.retry_after = retry_after
        self.suggestion = suggestion

    def event(self, command: int | None) -> events.Error:
        """Make the `error` event; `command` is the id of the rejected command, if it is known."""
        return events.Error(
            code=self.code,
            message=str(self),
            retry=self.code.retry,
            id=command,
            retry_after=None if self.retry_after is None else ceil(self.retry_after * 1000),
            suggestion=self.suggestion,
        )


def _sentence(message: str) -> str:
    """Begin with a capital letter, and end with a full stop: exceptions of libraries often don't."""
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "?", "!")) else ".")


def invalid_room_name(name: str, fault: str) -> CommandError:
    """Make the error for a room name that has a `fault` (see `hubbub_protocol.names.room_fault`)."""
    # A name that is far too long has no form that is valid.
    composed = unicodedata.normalize("NFC", name) if len(name) <= MAX_ROOM_BYTES else name
    suggestion = None if composed == name or room_fault(composed) else composed
    return CommandError(Code.INVALID, f"Invalid room name: {fault}.", suggestion=suggestion)


def banned(ban: ModerationAction) -> CommandError:
    """Make the error for a user whom the operator has banned."""
    return CommandError(Code.BANNED, f"Banned by the operator{_until(ban)}: {ban.reason}")


def room_closed(closure: ModerationAction) -> CommandError:
    """Make the error for a room that the operator has closed to new messages."""
    return CommandError(Code.ROOM_CLOSED, f"The operator closed this room{_until(closure)}: {closure.reason}")


def _until(action: ModerationAction) -> str:
    if action.until is None:
        return ""
    return f" until {datetime.fromtimestamp(action.until / 1000, tz=UTC):%Y-%m-%d %H:%M} UTC"


def no_write_permission() -> CommandError:
    """Make the error for a user without write permission."""
    return CommandError(Code.FORBIDDEN, "No write permission for this room.")


def rate_limited(limit: str, wait: float) -> CommandError:
    """Make the error for a rate limit that allows a retry after `wait` seconds."""
    return CommandError(
        Code.RATE_LIMITED,
        f"{limit.capitalize()} rate limit exceeded: retry after {wait:.1f} s.",
        retry_after=wait,
    )


def older_unavailable() -> CommandError:
    """Make the error for messages that only the archive has while it can't be read."""
    return CommandError(
        Code.UNAVAILABLE,
        "Older messages are in the archive, which can't be read now; try again later.",
        retry_after=_ARCHIVE_RETRY,
    )
