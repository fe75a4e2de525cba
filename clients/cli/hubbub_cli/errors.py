"""The errors that end a command.

CliError                   the command cannot continue; the message says why, and what to do
├── CannotConnect          no server at this address, or no hubbub server
├── NotSignedIn            the token is rejected, or the server requires one
├── RejectedByServer       the server rejected a name, a room or a message
├── NoReply                no reply in time
├── HistoryLost            messages are missing, and `--strict` was given
├── BadInput               invalid input: a file, a token file, text that is not UTF-8
├── OutputFailed           standard output cannot be written: the disk is full, for example
└── Unexpected             a fault of this program
"""

from typing import ClassVar

from hubbub_cli.exit_codes import ExitCode


class CliError(Exception):
    """The command cannot continue. `code` is for programs: the protocol's error code if there is one."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNEXPECTED

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class CannotConnect(CliError):
    """No server at this address, or no hubbub server."""

    exit_code = ExitCode.CANNOT_CONNECT


class NotSignedIn(CliError):
    """The token is rejected, or the server requires one."""

    exit_code = ExitCode.NOT_SIGNED_IN


class RejectedByServer(CliError):
    """The server rejected a name, a room or a message."""

    exit_code = ExitCode.REFUSED


class NoReply(CliError):
    """No reply in time."""

    exit_code = ExitCode.TIMED_OUT


class HistoryLost(CliError):
    """Messages are missing, and `--strict` was given."""

    exit_code = ExitCode.HISTORY_LOST


class BadInput(CliError):
    """Invalid input."""

    exit_code = ExitCode.USAGE


class OutputFailed(CliError):
    """Standard output cannot be written."""


class Unexpected(CliError):
    """A fault of this program."""


def leaf(error: Exception) -> Exception:
    """Return the first error of a group, also of groups in it; any other error itself."""
    return leaf(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error
