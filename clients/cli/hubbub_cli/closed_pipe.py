"""Detect a closed pipe on standard output without writing to it."""

import asyncio
import os
import stat
import sys


async def pipe_closed() -> None:
    """Wait until the reader closes the pipe. If the output is no pipe, wait forever.

    Without this, `tail | head -1` would end only when the next message comes.

    Raises:
        BrokenPipeError: the reader closed the pipe.
    """
    loop = asyncio.get_running_loop()
    closed: asyncio.Future[None] = loop.create_future()
    descriptor = sys.stdout.fileno()
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        await closed
    # The write end is never readable, but the event loop reports its error.
    loop.add_reader(descriptor, closed.cancel)
    try:
        await asyncio.wait([closed])
    finally:
        loop.remove_reader(descriptor)
    raise BrokenPipeError
