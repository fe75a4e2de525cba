"""A fake worker with the behaviour that a test wants: `stand_in.py BEHAVIOUR NUMBER`."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time

from service.runtime.process import ShutdownSignal
from service.runtime.tasks import Tasks
from service.workers.group import WorkerGroup
from service.workers.reports import HEARTBEAT

LIMIT = 30
# The last output of a worker, before it dies.
LAST_OUTPUTS = {
    "incomplete line": b'{"type":"answer","id":1,"bo',
    "nonsense": b"nonsense\n",
    "no text": b'"\xff"\n',
}


async def heartbeat() -> bytes:
    return b"null"


async def work(behaviour: str) -> int:
    if behaviour == "fail":
        return 1
    tasks = Tasks()
    # A worker ignores a second signal.
    shutdown = ShutdownSignal(lambda _: None)
    group = WorkerGroup(socket.socket(fileno=0), tasks, LIMIT)
    group.handlers[HEARTBEAT] = heartbeat
    await group.open()
    tasks.start(group.run(lambda: shutdown.receive(signal.SIGINT)), name="control channel")
    await group.report_serving()
    if behaviour == "wait":
        await shutdown.received
        await tasks.close()
        return 0
    await group.report_started()
    if behaviour in LAST_OUTPUTS:
        os.write(0, LAST_OUTPUTS[behaviour])
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "hang":
        time.sleep(LIMIT)  # noqa: ASYNC251 - blocks the loop on purpose
    if behaviour != "die":
        await shutdown.received
    if behaviour == "stay":
        await asyncio.sleep(LIMIT)
    await tasks.close()
    return 3 if behaviour == "die" else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(work(sys.argv[1])))
