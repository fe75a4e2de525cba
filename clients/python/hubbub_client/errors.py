"""What the SDK raises.

HubbubError
├── BadUrl            the address can't be that of a server: say another one
├── ClientClosed            the client has ended; nothing comes or goes any more, `code` says why
│   └── NameTaken     somebody else has the name; `suggestion` is free
├── RoomRefused       the room can't be joined; `code` says why
├── SendFailed        the message was refused for good, and is not stored
└── TimedOut          it did not happen in time; what was to be sent may still be

Of the token hook, which the application writes:

NoToken               raised by it: there won't be a token, however often one asks
"""


class HubbubError(Exception):
    """The root of all that the SDK raises."""


class BadUrl(HubbubError):
    """The address can't be that of a server. The message says what is wrong with it."""


class ClientClosed(HubbubError):
    """The client has ended. `code` is a close code, or the word of the error that ended it."""

    def __init__(self, code: int | str) -> None:
        super().__init__(f"the client is closed ({code})")
        self.code = code


class NameTaken(ClientClosed):
    """Somebody else has the name. `suggestion` is free, if the server found one."""

    def __init__(self, suggestion: str | None) -> None:
        super().__init__("name_taken")
        self.suggestion = suggestion


class RoomRefused(HubbubError):
    """The room can't be joined: `code` is a word of the protocol, the message is the server's."""

    def __init__(self, room: str, code: str, message: str) -> None:
        super().__init__(f"the room {room!r} is refused: {message or code}")
        self.room = room
        self.code = code


class SendFailed(HubbubError):
    """A message was refused for good: `code` is a word of the protocol, the message is the server's."""

    def __init__(self, key: str, code: str, message: str) -> None:
        super().__init__(f"the message is refused: {message or code}")
        self.key = key
        self.code = code


class TimedOut(HubbubError):
    """It did not happen in time. A message stays in the outbox: `send` with the same key waits on."""


class NoToken(Exception):
    """There won't be a token, however often one asks. The client ends with `no_token`."""
