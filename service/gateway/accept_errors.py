"""Connections that the system can't accept: counted, and logged without a traceback."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from service.runtime.metrics import Metrics

_Context: TypeAlias = dict[str, Any]

_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_log: Final = logging.getLogger(__name__)


@contextmanager
def counting_accept_errors(metrics: Metrics) -> Iterator[None]:
    """Handle the errors of the listening socket for the time of the block; others as before.

    asyncio reports each attempt, up to the backlog in one turn, and pauses then. uvloop reports none: without
    a descriptor, libuv accepts and closes the waiting connections. So a node stops before (`SocketLimits`).
    """
    loop = asyncio.get_running_loop()
    earlier = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: _Context) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _EXHAUSTED and "accept" in context["message"]:
            metrics.accept_failures += 1
            _log.error("accept_failed", extra={"reason": error.strerror})
        elif earlier is None:
            loop.default_exception_handler(context)
        else:
            earlier(loop, context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(earlier)
