"""The ends of a command that are no success.

Fault                      the command can't go on; the sentence says why, and what to do
├── CannotConnect          no server there, or none that speaks our protocol
├── NotSignedIn            the token is refused, or one is needed
├── Refused                the server said no: a name, a room, a message
├── TimedOut               no answer in time
├── HistoryLost            messages are missing, and `--strict` was given
└── BadInput               what was handed in can't be used: a file, a token file, text that isn't UTF-8
"""

from typing import ClassVar

from hubbub_cli.exit_codes import ExitCode


class Fault(Exception):
    """The command can't go on. `code` is a word for programs: the protocol's where it has one."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class CannotConnect(Fault):
    """No server there, or none that speaks our protocol."""

    exit_code = ExitCode.CANNOT_CONNECT


class NotSignedIn(Fault):
    """The token is refused, or one is needed."""

    exit_code = ExitCode.NOT_SIGNED_IN


class Refused(Fault):
    """The server said no: a name, a room, a message."""

    exit_code = ExitCode.REFUSED


class TimedOut(Fault):
    """No answer in time."""

    exit_code = ExitCode.TIMED_OUT


class HistoryLost(Fault):
    """Messages are missing, and `--strict` was given."""

    exit_code = ExitCode.HISTORY_LOST


class BadInput(Fault):
    """What was handed in can't be used."""

    exit_code = ExitCode.USAGE
