"""Ask the terminal for its background colour."""

import os
import re
import select
import sys
import time
from typing import Final

# OSC 11 asks for the colour. The second request is one that every terminal answers, so that one which ignores
# the first causes no delay.
_REQUEST: Final = b"\x1b]11;?\x1b\\\x1b[c"
_COLOUR: Final = re.compile(rb"\x1b\]11;rgb:([0-9a-fA-F]+)/([0-9a-fA-F]+)/([0-9a-fA-F]+)")
_END: Final = re.compile(rb"\x1b\[\?[0-9;]*c")
# In seconds.
_LIMIT: Final = 0.3
_MOST: Final = 1024


def is_dark() -> bool:
    """Return whether the background is dark, also if the terminal does not answer."""
    try:
        colour = _COLOUR.search(_ask(sys.stdin.fileno()))
    except (OSError, ValueError, ImportError):
        return True
    return colour is None or _luminance([part.decode() for part in colour.groups()]) < 0.5  # noqa: PLR2004


def _luminance(parts: list[str]) -> float:
    red, green, blue = (float(int(part, 16)) / float(16 ** len(part) - 1) for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _ask(terminal: int) -> bytes:
    """Send the requests, and read the answers, without echo and line editing."""
    import termios
    import tty

    try:
        before = termios.tcgetattr(terminal)
    except termios.error as error:
        raise OSError(*error.args) from error
    try:
        tty.setcbreak(terminal)
        os.write(terminal, _REQUEST)
        answer, end = b"", time.monotonic() + _LIMIT
        while not _END.search(answer) and len(answer) < _MOST:
            ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                break
            answer += os.read(terminal, _MOST)
        return answer
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
