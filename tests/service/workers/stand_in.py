"""A worker that does nothing but what a test wants of it: `stand_in.py BEHAVIOUR NUMBER`."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time

from service.runtime.process import Ending
from service.runtime.tasks import Tasks
from service.workers.group import WorkerGroup
from service.workers.reports import PULSE

LIMIT = 30
# Last words.
SAYS = {"half a line": b'{"type":"answer","id":1,"bo', "nonsense": b"nonsense\n", "no text": b'"\xff"\n'}


async def pulse() -> bytes:
    return b"null"


async def work(behaviour: str) -> int:
    if behaviour == "fail":
        return 1
    tasks = Tasks()
    # A second signal means nothing to a worker.
    ending = Ending(lambda _: None)
    group = WorkerGroup(socket.socket(fileno=0), tasks, LIMIT)
    group.answers[PULSE] = pulse
    await group.open()
    tasks.start(group.run(lambda: ending.take(signal.SIGINT)), name="line")
    await group.serve()
    if behaviour in SAYS:
        os.write(0, SAYS[behaviour])
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "hang":
        time.sleep(LIMIT)  # noqa: ASYNC251 - that is the point
    if behaviour != "die":
        await ending.told
    if behaviour == "stay":
        await asyncio.sleep(LIMIT)
    await tasks.close()
    return 3 if behaviour == "die" else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(work(sys.argv[1])))
