"""What is logged, and how."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from typing_extensions import override

from service.runtime import logs
from service.settings import Settings

log = logging.getLogger("service.test")


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logs.flush()
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def _written(stream: io.StringIO) -> str:
    logs.flush()
    return stream.getvalue()


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in _written(stream).splitlines()]


def _json(level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(Settings(log_format="json", log_level=level), stream)
    return stream


def _text() -> io.StringIO:
    stream = io.StringIO()
    logs.configure(Settings(log_format="text"), stream)
    return stream


def test_an_event_is_one_json_object_with_its_fields() -> None:
    stream = _json()
    log.warning("broker_lost", extra={"reason": "connection refused", "rooms": 3})
    [line] = _lines(stream)
    assert str(line.pop("time")).endswith("+00:00")
    assert line == {
        "level": "warning",
        "event": "broker_lost",
        "logger": "service.test",
        "reason": "connection refused",
        "rooms": 3,
    }


def test_an_event_is_one_line_of_text_with_its_fields() -> None:
    stream = _text()
    log.warning("broker_lost", extra={"reason": "connection refused", "seconds": 0.30000000000000004})
    time, rest = _written(stream).split(" ", 1)
    assert len(time) == len("12:34:56.789")
    assert rest == 'WARNING broker_lost reason="connection refused" seconds=0.3\n'


def test_auto_is_text_on_a_terminal_and_json_otherwise() -> None:
    pipe, terminal = io.StringIO(), Terminal()
    logs.configure(Settings(), pipe)
    log.info("started")
    logs.configure(Settings(), terminal)
    log.info("started")
    assert _written(pipe).startswith("{")
    assert not _written(terminal).startswith("{")


@pytest.mark.parametrize("name", sorted(logs.SECRET_FIELDS))
def test_texts_and_secrets_are_withheld(name: str) -> None:
    for configured in (_json, _text):
        stream = configured()
        log.error("slip", extra={name: "hunter2"})
        assert "hunter2" not in _written(stream)
        assert logs.WITHHELD in _written(stream)


def test_a_value_can_not_forge_a_line_or_a_field() -> None:
    stream = _text()
    log.info("joined", extra={"user": "x\nERROR forged", "room": "a=b", "client": ""})
    assert _written(stream).count("\n") == 1
    assert r'user="x\nERROR forged" room="a=b" client=""' in _written(stream)


def test_the_words_of_a_library_can_not_forge_a_line() -> None:
    stream = _text()
    logging.getLogger("sanic.error").error("bad request: %s", "x\nERROR forged")
    assert _written(stream).count("\n") == 1


def test_a_field_can_not_replace_the_event() -> None:
    stream = _json()
    log.info("joined", extra={"event": "forged", "level": "forged"})
    [line] = _lines(stream)
    assert (line["event"], line["level"]) == ("joined", "info")


def test_what_json_does_not_know_is_printed() -> None:
    stream = _json()
    log.info("closed", extra={"error": ValueError("odd"), "raw": b"x"})
    assert _lines(stream)[0]["error"] == "odd"


def test_an_error_comes_with_its_traceback() -> None:
    for configured in (_json, _text):
        stream = configured()
        log.error("task_failed", exc_info=LookupError("no such room"))
        assert "LookupError: no such room" in _written(stream)


def test_the_level_holds_for_us() -> None:
    stream = _json("warning")
    log.info("joined")
    assert not _written(stream)
    stream = _json("debug")
    log.debug("joined")
    assert _written(stream)


@pytest.mark.parametrize(
    "name", ["sanic.root", "sanic.access", "sanic.server", "sanic.websockets", "websockets.server", "other"]
)
def test_libraries_speak_only_when_something_is_wrong(name: str) -> None:
    stream = _json("debug")
    logging.getLogger(name).info("chatter")
    logging.getLogger(name).warning("trouble")
    assert [line["event"] for line in _lines(stream)] == ["trouble"]


def test_a_library_s_own_handlers_are_taken_away() -> None:
    theirs = logging.getLogger("sanic.root")
    theirs.addHandler(logging.StreamHandler(io.StringIO()))
    theirs.propagate = False
    stream = _json()
    theirs.warning("trouble")
    assert not theirs.handlers
    assert len(_lines(stream)) == 1


def test_configuring_again_replaces_our_handlers_and_keeps_others() -> None:
    other = logging.NullHandler()
    logging.getLogger().addHandler(other)
    first, second = _json(), _json()
    log.info("started")
    assert not _written(first)
    assert len(_lines(second)) == 1
    assert other in logging.getLogger().handlers


def test_standard_error_is_where_it_goes_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    log.info("started")
    logs.flush()
    assert "started" in capsys.readouterr().err


class Broken:
    @override
    def __str__(self) -> str:
        raise LookupError("no words")


def test_a_value_that_can_not_be_printed_is_reported_in_the_log() -> None:
    stream = _json()
    log.info("joined", extra={"user": Broken()})
    [line] = _lines(stream)
    assert (line["event"], line["level"]) == ("log_line_failed", "error")
    assert "test_logs.py:" in str(line["at"])
    assert "LookupError: no words" in str(line["error"])


def test_a_sentence_is_printed_at_once_or_after_the_lines_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.print_error("hubbub: can't start")
    assert capsys.readouterr().err == "hubbub: can't start\n"
    logs.configure(Settings(log_format="json"))
    log.info("stopping")
    logs.print_error("hubbub: can't go on")
    logs.flush()
    assert [line[:1] for line in capsys.readouterr().err.splitlines()] == ["{", "h"]
