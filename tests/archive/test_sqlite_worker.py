"""The thread of the database: calls whose caller waits no more."""

from __future__ import annotations

import asyncio
from threading import Event

from archive.errors import ArchiveClosed
from archive.sqlite.worker import Worker


async def test_a_read_whose_caller_is_gone_is_not_done_but_a_write_is() -> None:
    begin, done = Event(), list[str]()
    worker = Worker("test", 10, lambda: ArchiveClosed("closed"))
    first = worker.write(begin.wait)
    write, read = worker.write(lambda: done.append("write")), worker.read(lambda: done.append("read"))
    last = worker.read(lambda: done.append("last"))
    write.cancel()
    read.cancel()
    begin.set()
    await asyncio.gather(first, last)
    assert done == ["write", "last"]
    assert worker.waiting == 0
    await worker.stop(lambda: None)
