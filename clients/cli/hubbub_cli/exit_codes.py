"""The exit codes of `hubbub-chat`; scripts depend on these numbers."""

from enum import IntEnum


class ExitCode(IntEnum):
    """All exit codes of the program."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    CANNOT_CONNECT = 3
    NOT_SIGNED_IN = 4
    REFUSED = 5
    TIMED_OUT = 6
    HISTORY_LOST = 7
    INTERRUPTED = 130
    PIPE_CLOSED = 141
