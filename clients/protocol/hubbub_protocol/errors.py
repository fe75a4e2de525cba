"""The tables of the specification's §7 and §8: error codes and close codes.

ProtocolError              a frame cannot be decoded; the connection stays open, the sender receives an error
├── Malformed              not a JSON object
├── UnknownType            no command or event of that type
└── Invalid                a field is missing, of the wrong type or out of range
"""

from enum import IntEnum, StrEnum
from typing import ClassVar

# Codes below 3000 after which a client stops: reconnecting would end the same way (CL1).
_FINAL_STANDARD = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
_FIRST_FINAL, _LAST_FINAL = 4500, 4999


class Code(StrEnum):
    """The code of an `error` event."""

    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    INVALID = "invalid"
    HELLO_FIRST = "hello_first"
    HELLO_AGAIN = "hello_again"
    NAME_TAKEN = "name_taken"
    INVALID_NAME = "invalid_name"
    BAD_TOKEN = "bad_token"  # noqa: S105 - an error code, not a secret
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_REQUIRED = "token_required"  # noqa: S105
    NOT_JOINED = "not_joined"
    FORBIDDEN = "forbidden"
    NOT_KEPT = "not_kept"
    TOO_MANY_CHANGES = "too_many_changes"
    TOO_MANY_ROOMS = "too_many_rooms"
    BANNED = "banned"
    ROOM_CLOSED = "room_closed"
    TOO_MANY_NEW_ROOMS = "too_many_new_rooms"
    TOO_MANY_NAMES = "too_many_names"
    ROOMS_FULL = "rooms_full"
    FILES_FULL = "files_full"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"

    @property
    def retry(self) -> bool:
        """Whether the same command may succeed later."""
        return self in _RETRY


_RETRY = frozenset(
    {Code.RATE_LIMITED, Code.TOO_MANY_NEW_ROOMS, Code.TOO_MANY_NAMES, Code.UNAVAILABLE, Code.INTERNAL}
)


class Close(IntEnum):
    """The code of a websocket close."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    NOT_TEXT = 1003
    NOT_UTF8 = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    RESTART = 1012
    LAGGING = 4000
    FULL = 4001
    NAME_LOST = 4002
    FLOODING = 4003
    TOKEN_EXPIRED = 4100
    NO_PONG = 4101
    SERVER_SILENT = 4200
    BAD_FRAMES = 4500
    TOKEN_REFUSED = 4501
    BAD_ORIGIN = 4502
    NO_HELLO = 4503
    REMOVED = 4504


def is_final(code: int) -> bool:
    """Return whether a client stops after this close code instead of reconnecting (CL1)."""
    return code in _FINAL_STANDARD or _FIRST_FINAL <= code <= _LAST_FINAL


class ProtocolError(Exception):
    """A frame cannot be decoded. `id` is the id of the command, if it could be read."""

    code: ClassVar[Code]

    def __init__(self, message: str, *, id: int | None = None) -> None:  # noqa: A002 - the wire's word
        super().__init__(message)
        self.id = id


class Malformed(ProtocolError):
    """Not a JSON object."""

    code = Code.MALFORMED


class UnknownType(ProtocolError):
    """No command or event of that type."""

    code = Code.UNKNOWN_TYPE


class Invalid(ProtocolError):
    """A field is missing, of the wrong type or out of range."""

    code = Code.INVALID
