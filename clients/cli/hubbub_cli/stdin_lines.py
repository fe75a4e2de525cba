"""Read the lines of standard input asynchronously.

A thread reads it, because only that works for files, pipes and terminals. It reads the file descriptor
directly: a buffered reader that is still waiting would block the exit of the interpreter.
"""

import asyncio
import os
import re
import sys
import threading
from collections.abc import AsyncIterator
from typing import Final

from hubbub_cli.errors import BadInput
from hubbub_cli.stdin import CHUNK, MOST, decoded

_LINE_END: Final = re.compile(rb"\n|\r\n|\r(?=.)", re.DOTALL)
_AHEAD: Final = 16


async def chunks() -> AsyncIterator[bytes]:
    """Yield chunks until the end of the input."""
    if sys.stdin is None:
        return
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue(_AHEAD)
    fd = sys.stdin.fileno()

    def read() -> None:
        data = b"more"
        while data:
            data = os.read(fd, CHUNK)
            try:
                asyncio.run_coroutine_threadsafe(queue.put(data), loop).result()
            except (RuntimeError, asyncio.CancelledError):
                return  # the loop ended: the rest is not needed

    threading.Thread(target=read, name="stdin", daemon=True).start()
    while data := await queue.get():
        yield data


async def lines() -> AsyncIterator[str]:
    """Yield each line without its line end, which may be that of any system.

    Raises:
        BadInput: the input is not UTF-8, or a line is too long.
    """
    rest = b""
    async for chunk in chunks():
        # A carriage return at the end may be the first half of a line end.
        *whole, rest = _LINE_END.split(rest + chunk)
        for line in whole:
            yield decoded(line)
        if len(rest) > MOST:
            raise BadInput(f"a line of the input is longer than {MOST} bytes", code="too_long")
    if rest:
        yield decoded(rest.removesuffix(b"\r"))
