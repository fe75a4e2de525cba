"""Log lines leave the process through a queue: a reader that stalls stops nothing."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

from service.runtime import logs
from service.runtime.log_queue import QueuedHandler
from service.settings import Settings
from service.settings.tuning import Tuning

ROOT = Path(__file__).parents[3]
log = logging.getLogger("service.test")
PIPE_BYTES = 65536


class Pipe:
    """A pipe with a log at one end, and a reader that the test starts."""

    def __init__(self) -> None:
        self._reader, writer = os.pipe()
        self.stream: TextIO = os.fdopen(writer, "w", buffering=1)

    def read_all(self) -> list[dict[str, Any]]:
        """Read until everything is written."""
        found: list[bytes] = []
        reading = threading.Thread(target=self._read, args=(found,))
        reading.start()
        logs.flush()
        self.close_log()
        reading.join()
        return [json.loads(line) for line in b"".join(found).splitlines()]

    def close_log(self) -> None:
        for handler in list(logging.getLogger().handlers):
            if isinstance(handler, QueuedHandler):
                logging.getLogger().removeHandler(handler)
                handler.close()
        self.stream.close()

    def close_reader(self) -> None:
        os.close(self._reader)

    def _read(self, found: list[bytes]) -> None:
        while data := os.read(self._reader, PIPE_BYTES):
            found.append(data)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    made = Pipe()
    yield made
    made.close_log()
    made.close_reader()
    root.handlers[:] = handlers
    root.setLevel(level)


def configure(pipe: Pipe, **tuning: float) -> None:
    logs.configure(
        Settings(log_format="json", log_level="info"),
        pipe.stream,
        tuning=Tuning(**{"log_flush_seconds": 20.0} | tuning),  # type: ignore[arg-type]  # each has its type
    )


def test_a_reader_that_stalls_blocks_no_caller_and_what_is_dropped_is_counted(pipe: Pipe) -> None:
    configure(pipe, log_queue_bytes=10_000)
    for number in range(2000):
        log.info("happened", extra={"number": number})
    dropped = logs.lines_dropped()
    assert 0 < dropped < 2000
    lines = pipe.read_all()
    numbers = [line["number"] for line in lines if line["event"] == "happened"]
    assert len(numbers) == 2000 - dropped
    assert numbers == sorted(numbers)
    # The thread may have been late, too, so that there is more than one report.
    reports = [line for line in lines if line["event"] == "log_lines_dropped"]
    assert {line["level"] for line in reports} == {"warning"}
    assert sum(line["count"] for line in reports) == dropped


def test_once_there_is_room_the_number_of_dropped_lines_is_logged_and_lines_are_written(pipe: Pipe) -> None:
    configure(pipe, log_queue_bytes=10_000)
    while not logs.lines_dropped():
        log.info("happened")
    reading: list[dict[str, Any]] = []
    with os.fdopen(os.dup(pipe._reader), encoding="utf-8") as reader:  # noqa: SLF001 - a reader that continues
        while sum(line.get("count", 0) for line in reading) < logs.lines_dropped():
            reading.append(json.loads(reader.readline()))
        log.info("afterwards")
        while reading[-1]["event"] != "afterwards":
            reading.append(json.loads(reader.readline()))
    assert logs.lines_dropped() == sum(line.get("count", 0) for line in reading)


def test_a_warning_that_repeats_is_written_so_often_and_summed_up_at_the_end(pipe: Pipe) -> None:
    configure(pipe, log_repeats=3, log_repeat_seconds=300.0)
    for _ in range(240):
        log.warning("plain_join_failed", extra={"room": "lobby"})
    log.warning("other")
    assert logs.lines_suppressed() == 237
    lines = pipe.read_all()
    assert [line["event"] for line in lines] == [*["plain_join_failed"] * 3, "other", "plain_join_failed"]
    assert (lines[-1]["repeated"], lines[-1]["logger"]) == (237, "service.test")
    assert "repeated" not in lines[0]


def test_repetitions_are_summed_up_after_the_interval_without_a_further_line(pipe: Pipe) -> None:
    configure(pipe, log_repeats=1, log_repeat_seconds=0.05)
    log.warning("lost")
    log.warning("lost")
    with os.fdopen(os.dup(pipe._reader), encoding="utf-8") as reader:  # noqa: SLF001 - as above
        lines = [json.loads(reader.readline()) for _ in range(2)]
    assert [line.get("repeated") for line in lines] == [None, 1]


def test_a_reader_that_has_exited_ends_nothing(pipe: Pipe) -> None:
    configure(pipe)
    pipe.close_reader()
    log.info("happened")
    log.info("happened")
    logs.flush()
    assert logs.lines_dropped() == 2
    pipe._reader = os.open(os.devnull, os.O_RDONLY)  # noqa: SLF001 - for the end of the fixture


def test_a_pipe_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.stream.fileno(), False)
    configure(pipe)
    for number in range(2000):
        log.info("happened", extra={"number": number})
    assert len(pipe.read_all()) == 2000


def test_the_log_is_written_in_a_thread_of_its_own_that_does_not_hold_the_process() -> None:
    ended = _run("log.info('last words')")
    assert ended.returncode == 0
    assert "last words" in ended.stderr


@pytest.mark.parametrize(
    ("end", "code"),
    [("", 0), ("raise SystemExit(3)", 3), ("force_exit(15)", 143), ("raise LookupError", 1)],
    ids=["return", "exit", "forced exit", "error"],
)
def test_lines_before_the_exit_are_written_if_they_are_read(end: str, code: int) -> None:
    ended = _run(f"for n in range(2000): log.info('n%d', n)\n{end}")
    assert ended.returncode == code
    assert [f'"n{number}"' in ended.stderr for number in (0, 1999)] == [True, True]


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("force_exit(15)", 143),
        ("raise SystemExit(run(fail(CannotStart('the port is in use'))))", 1),
        ("raise SystemExit(run(fail(LookupError())))", 1),
    ],
    ids=["return", "exit", "forced exit", "start failed", "crash"],
)
def test_a_reader_that_stalls_does_not_hold_up_the_exit(end: str, code: int) -> None:
    reader, writer = os.pipe()
    try:
        script = _SCRIPT + "for n in range(2000): log.info('n%d', n)\n" + end
        process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=writer, stderr=writer)
        # Far above the bound, and far below what a blocked process would take.
        assert process.wait(30) == code
    finally:
        os.close(reader)
        os.close(writer)


_SCRIPT = """
import logging
from service.runtime import logs
from service.runtime.log_queue import QueuedHandler
from service.runtime.process import CannotStart, force_exit, run
from service.settings import load
async def fail(error):
    raise error
log = logging.getLogger("service.test")
logs.configure(load({}))
"""


def test_an_unexpected_error_is_logged_with_its_traceback() -> None:
    ended = _run("raise SystemExit(run(fail(LookupError('no such room'))))")
    assert ended.returncode == 1
    line = json.loads(ended.stderr)
    assert (line["event"], line["level"]) == ("process_failed", "error")
    assert "LookupError: no such room" in line["error"]


def _run(what: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _SCRIPT + what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
