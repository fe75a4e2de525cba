"""A worker whose parent exits at a chosen moment of the start: `orphan.py MOMENT PARENT_FD PORT`.

The parent's end of the control channel is in this process, which closes it at the moment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from service.node import Node
from service.runtime import logs
from service.workers import __main__ as worker
from service.workers.control_channel import ControlChannel
from service.workers.group import WorkerGroup

# The function before or after which the parent exits.
PLACES: dict[str, tuple[Any, str]] = {
    "logs": (logs, "configure"),
    "watch": (worker, "die_with_parent"),
    "channel": (ControlChannel, "open"),
    "listener": (worker, "share"),
    "node": (Node, "__aenter__"),
    "app": (worker, "tune_garbage_collector"),
    "request": (ControlChannel, "_send"),
    "report": (WorkerGroup, "report_serving"),
}
# The report ends only with the parent's answer.
MOMENTS = [f"{when} {place}" for place in PLACES for when in ("before", "after")][:-1]


def exit_parent(moment: str, parent: int) -> None:
    """Let the parent exit before or after the first call of a function."""
    when, name = moment.split()
    owner, attribute = PLACES[name]
    original: Callable[..., Any] = getattr(owner, attribute)
    closed: list[int] = []

    def close() -> None:
        if not closed:
            closed.append(parent)
            os.close(parent)

    def wrapped(*args: object, **options: object) -> object:
        if when == "before":
            close()
            return original(*args, **options)
        found = original(*args, **options)
        if hasattr(found, "__await__"):
            return then_close(found)
        close()
        return found

    async def then_close(found: Any) -> object:  # noqa: ANN401 - any awaitable
        result = await found
        close()
        return result

    setattr(owner, attribute, wrapped)


if __name__ == "__main__":
    moment, parent, port = sys.argv[1:]
    exit_parent(moment, int(parent))
    sys.exit(worker.main(["1", port]))
