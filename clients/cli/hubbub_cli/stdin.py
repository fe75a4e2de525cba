"""Read the whole standard input."""

import os
import sys
from typing import Final

from hubbub_cli.errors import BadInput
from hubbub_cli.line_ends import with_newlines

CHUNK: Final = 65_536
# Far above the limit of a message: input without line ends must not fill the memory.
MOST: Final = 4 * 1024 * 1024


def is_terminal() -> bool:
    """Return whether standard input is a terminal. A program may have no standard input at all."""
    return sys.stdin is not None and sys.stdin.isatty()


def everything() -> str:
    """Return the whole input, without line ends after the last line.

    Raises:
        BadInput: the input is not UTF-8, or too long.
    """
    read = b""
    while sys.stdin is not None and (data := os.read(sys.stdin.fileno(), CHUNK)):
        read += data
        if len(read) > MOST:
            raise BadInput(f"the input is longer than {MOST} bytes; try --send-on line", code="too_long")
    return with_newlines(decoded(read)).rstrip("\n")


def decoded(line: bytes) -> str:
    """Return the text of a line, or of several.

    Raises:
        BadInput: it is not UTF-8.
    """
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadInput("the input is not UTF-8", code="invalid") from error
