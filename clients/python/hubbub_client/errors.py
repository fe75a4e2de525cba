"""The exceptions of the SDK.

HubbubError
├── BadUrl            the address is not a valid server address
├── ClientClosed      the client is closed; `code` is the reason
│   └── NameTaken     another user has the name; `suggestion` is free
├── RoomRefused       the room cannot be joined; `code` is the reason
├── SendFailed        the server rejected the message permanently; it is not stored
├── TopicNotSet       the topic of the room was not set; `code` is the reason
├── UploadRefused     there is no ticket for a file; `code` is the reason
└── TimedOut          the call took too long; a message in the outbox is still sent

Raised by the token hook of the application:

NoToken               there is no token, and another call would not return one

A mistake of the application raises TypeError, ValueError or RuntimeError, at the call that has it.
"""

from typing import Final

from hubbub_client.reasons import reason

_TOPIC_REASONS: Final = {
    "busy": "too many requests of this client wait for a reply",
    "forbidden": "only its moderators may set it",
    "invalid": "it must be one line",
    "lost": "the connection was lost before the reply, so it may be set",
    "not_joined": "the room is not joined",
    "too_long": "it is too long",
}

_UPLOAD_REASONS: Final = {
    "busy": "too many requests of this client wait for a reply",
    "lost": "the connection was lost before the reply",
    "unknown_type": "this server takes no files",
}


class HubbubError(Exception):
    """The base class of all errors of the SDK."""


class BadUrl(HubbubError):
    """The address is not a valid server address. The message gives the reason."""


class ClientClosed(HubbubError):
    """The client is closed. `code` is a close code or an error code."""

    def __init__(self, code: int | str) -> None:
        super().__init__(f"the client is closed: {reason(code)}")
        self.code = code


class NameTaken(ClientClosed):
    """Another user has the name. `suggestion` is a free name, if the server found one."""

    def __init__(self, suggestion: str | None) -> None:
        super().__init__("name_taken")
        self.suggestion = suggestion


class RoomRefused(HubbubError):
    """The room cannot be joined. `code` is an error code of the protocol, the message is the server's."""

    def __init__(self, room: str, code: str, message: str) -> None:
        super().__init__(f"cannot join the room {room!r}: {reason(code, message)}")
        self.room = room
        self.code = code


class SendFailed(HubbubError):
    """A message was rejected permanently. `code` is an error code of the protocol."""

    def __init__(self, key: str, code: str, message: str) -> None:
        super().__init__(f"the message was rejected: {reason(code, message)}")
        self.key = key
        self.code = code


class TopicNotSet(HubbubError):
    """The topic was not set. `code` is an error code of the protocol, or `not_joined`, `busy` or `lost`.

    After `lost`, the connection ended before the reply: the topic may have been set.
    """

    def __init__(self, room: str, code: str) -> None:
        why = _TOPIC_REASONS.get(code) or reason(code)
        super().__init__(f"the topic of the room {room!r} was not set: {why}")
        self.room = room
        self.code = code


class UploadRefused(HubbubError):
    """There is no ticket. `code` is an error code of the protocol, or `not_joined`, `busy` or `lost`."""

    def __init__(self, room: str, name: str, code: str, message: str) -> None:
        why = _UPLOAD_REASONS.get(code) or reason(code, message)
        super().__init__(f"the file {name!r} was not taken: {why}")
        self.room = room
        self.name = name
        self.code = code


class TimedOut(HubbubError):
    """The call took too long. A message stays in the outbox: `send` with the same key waits again."""


class NoToken(Exception):
    """There is no token, and another call would not return one. The client closes with `no_token`."""
