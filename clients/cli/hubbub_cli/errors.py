"""The ends of a command that are no success.

CliError                      the command can't go on; the sentence says why, and what to do
├── CannotConnect          no server there, or none that speaks our protocol
├── NotSignedIn            the token is refused, or one is needed
├── RejectedByServer                the server said no: a name, a room, a message
├── NoReply               no answer in time
├── HistoryLost            messages are missing, and `--strict` was given
└── BadInput               what was handed in can't be used: a file, a token file, text that isn't UTF-8
"""

from typing import ClassVar

from hubbub_cli.exit_codes import ExitCode


class CliError(Exception):
    """The command can't go on. `code` is a word for programs: the protocol's where it has one."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class CannotConnect(CliError):
    """No server there, or none that speaks our protocol."""

    exit_code = ExitCode.CANNOT_CONNECT


class NotSignedIn(CliError):
    """The token is refused, or one is needed."""

    exit_code = ExitCode.NOT_SIGNED_IN


class RejectedByServer(CliError):
    """The server said no: a name, a room, a message."""

    exit_code = ExitCode.REFUSED


class NoReply(CliError):
    """No answer in time."""

    exit_code = ExitCode.TIMED_OUT


class HistoryLost(CliError):
    """Messages are missing, and `--strict` was given."""

    exit_code = ExitCode.HISTORY_LOST


class BadInput(CliError):
    """What was handed in can't be used."""

    exit_code = ExitCode.USAGE
