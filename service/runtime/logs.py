"""What is logged, and how: events with fields, as text for people or as JSON for machines.

The rule: log what happened to whom, never what was said. The message is the name of an event in snake_case,
and all else goes into `extra`: `_log.warning("node_lost", extra={"node": name})`. Texts, payloads,
tokens, keys and session secrets are not logged. Should one slip in by its usual name, it's withheld.
"""

from __future__ import annotations

import atexit
import json
import logging
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Final, TextIO

from typing_extensions import override

from service.runtime.log_queue import QueuedHandler
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning

WITHHELD: Final = "(withheld)"
SECRET_FIELDS: Final = frozenset({"text", "token", "payload", "key", "session", "password", "secret"})

# Ours speak at the level that was set, the libraries below only when something is wrong.
_OURS: Final = ("service", "brokers", "hubbub_protocol")
_THEIRS: Final = ("sanic", "websockets", "asyncio")

# What every record has; what one has besides are its fields.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Discreet(logging.Filter):
    """Withhold what must not be logged, wherever the record comes from."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        for name in SECRET_FIELDS & vars(record).keys():
            setattr(record, name, WITHHELD)
        return True


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether to log a record: Sanic recommends its debug mode at each start on a terminal."""
    return "PRODUCTION mode" not in record.getMessage()


def _sign(worker: int, record: logging.LogRecord) -> bool:
    """Put a worker's number on a record."""
    record.worker = worker
    return True


class TextFormatter(logging.Formatter):
    """One line for a person: time, level, event, fields; a traceback follows on lines of its own."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        pairs = [f"{name}={_bare(value)}" for name, value in _fields(record).items()]
        line = " ".join([time, f"{record.levelname:<7}", _bare(record.getMessage(), spaces=True), *pairs])
        error = _error(self, record)
        return f"{line}\n{error}" if error else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        # A field can't replace what stands above.
        line = _fields(record) | line
        error = _error(self, record)
        if error:
            line["error"] = error
        return json.dumps(line, default=str)


def configure(
    settings: Settings,
    stream: TextIO | None = None,
    *,
    worker: int | None = None,
    tuning: Tuning = DEFAULTS,
) -> None:
    """Send this process's logs to `stream` (standard error by default), in the form that was set.

    A thread writes them (`QueuedHandler`). Each line of one of several workers names it.

    Idempotent. Called again once Sanic is imported, it finds the loggers that came with it.
    """
    stream = sys.stderr if stream is None else stream
    handler = QueuedHandler(stream, tuning)
    handler.setFormatter(_formatter(settings.log_format, stream))
    handler.addFilter(Discreet())
    handler.addFilter(_is_news)
    if worker is not None:
        handler.addFilter(partial(_sign, worker))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    root = logging.getLogger()
    for earlier in _handlers():
        earlier.drain()
        root.removeHandler(earlier)
        earlier.close()
    root.addHandler(handler)
    root.setLevel(max(level, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(level)
    for name in _theirs():
        _route(logging.getLogger(name), max(level, logging.WARNING))


def flush() -> None:
    """Wait until all lines are written, for a bounded time. Called at the exit of the interpreter, too."""
    for handler in _handlers():
        handler.drain()


def print_error(text: str) -> None:
    """Print a sentence to standard error: after the lines of the log, if it is configured already."""
    handlers = _handlers()
    for handler in handlers:
        handler.print_line(text)
    if not handlers:
        sys.stderr.write(f"{text}\n")


def lines_dropped() -> int:
    """Return the number of lines that this process dropped, because their reader stalls."""
    return sum(handler.dropped for handler in _handlers())


def lines_suppressed() -> int:
    """Return the number of lines that this process suppressed, because they were repetitions."""
    return sum(handler.suppressed for handler in _handlers())


def _handlers() -> list[QueuedHandler]:
    """Find the handlers that `configure` added: configuring again replaces these, and spares others."""
    return [each for each in logging.getLogger().handlers if isinstance(each, QueuedHandler)]


def _formatter(form: str, stream: TextIO) -> logging.Formatter:
    if form == "auto":
        form = "text" if stream.isatty() else "json"
    return TextFormatter() if form == "text" else JsonFormatter()


def _theirs() -> list[str]:
    """Find the loggers of the libraries; Sanic has one for each of its parts, with handlers of their own."""
    known = logging.getLogger().manager.loggerDict
    return sorted({*_THEIRS, *(name for name in known if name.split(".")[0] in _THEIRS)})


def _route(logger: logging.Logger, level: int) -> None:
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(level)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _error(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    return formatter.formatException(record.exc_info) if record.exc_info else ""


def _bare(value: object, *, spaces: bool = False) -> str:
    """Print a value on one line; in quotes if it could be taken for something else, or forge a line."""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    plain = text.isprintable() and not any(char in '"=' for char in text)
    if plain and text and (spaces or " " not in text):
        return text
    return json.dumps(text)


# It runs before the handlers are closed, because `logging` registered that earlier.
atexit.register(flush)
