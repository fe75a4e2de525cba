"""Connections that the system can't accept."""

from __future__ import annotations

import asyncio
import errno
import logging
import os

import pytest

from service.gateway.accept_errors import counting_accept_errors
from service.runtime.metrics import Metrics

# What asyncio reports.
MESSAGE = "socket.accept() out of system resource"


def report(message: str, error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": message, "exception": error})


async def test_a_failed_accept_is_counted_and_logged_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = Metrics()
    with counting_accept_errors(metrics):
        report(MESSAGE, OSError(errno.EMFILE, os.strerror(errno.EMFILE)))
    assert metrics.accept_failures == 1
    [record] = caplog.records
    assert (record.getMessage(), record.exc_info) == ("accept_failed", None)
    assert vars(record)["reason"] == "Too many open files"


async def test_other_errors_of_the_loop_are_handled_as_before(caplog: pytest.LogCaptureFixture) -> None:
    handled: list[object] = []
    loop = asyncio.get_running_loop()
    metrics = Metrics()
    with counting_accept_errors(metrics):
        report("a callback failed", OSError(errno.EMFILE, "x"))
    loop.set_exception_handler(lambda _, context: handled.append(context["message"]))
    with counting_accept_errors(metrics):
        report(MESSAGE, OSError(errno.EBADF, "x"))
    report("afterwards", LookupError())
    assert handled == [MESSAGE, "afterwards"]
    assert metrics.accept_failures == 0
    assert [(record.name, record.levelno) for record in caplog.records] == [("asyncio", logging.ERROR)]
