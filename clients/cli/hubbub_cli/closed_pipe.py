"""Noticing that nobody reads standard output any more, without writing to it."""

import asyncio
import os
import stat
import sys


async def pipe_closed() -> None:
    """Wait until the reader of the pipe is gone, and raise for it. Where output is no pipe, wait for ever.

    Without this, `tail | head -1` would end only when the next message comes.

    Raises:
        BrokenPipeError: nobody reads.
    """
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()
    descriptor = sys.stdout.fileno()
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        await gone
    # The end to write to is never readable, but an error is told to whoever waits.
    loop.add_reader(descriptor, gone.cancel)
    try:
        await asyncio.wait([gone])
    finally:
        loop.remove_reader(descriptor)
    raise BrokenPipeError
