"""Sanic: its settings, its error handler, its loggers."""

from __future__ import annotations

import logging

import pytest

from tests.assumptions.claims import assumes
from tests.assumptions.places import APP, ERRORS, LOGS, UPGRADE
from tests.assumptions.sanic_stage import GET, read_answer, stage


@assumes(
    "sanic",
    "Config.__init__(env_prefix)",
    "DEFAULT_CONFIG",
    where=APP,
    breaks="our limit is ignored under a name that Sanic doesn't read, or the environment overrides it",
)
def test_the_settings_that_we_make_are_sanics_and_the_environment_changes_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`Config(env_prefix="")` reads no environment, and Sanic knows each setting that we change."""
    from sanic.config import DEFAULT_CONFIG, Config

    monkeypatch.setenv("SANIC_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("REQUEST_TIMEOUT", "2")
    assert DEFAULT_CONFIG["REQUEST_TIMEOUT"] == Config(env_prefix="").REQUEST_TIMEOUT
    ours = {
        "ACCESS_LOG", "KEEP_ALIVE_TIMEOUT", "MOTD", "REQUEST_MAX_SIZE", "REQUEST_TIMEOUT", "TOUCHUP",
    }  # fmt: skip
    assert ours <= DEFAULT_CONFIG.keys()
    assert hasattr(Config, "FALLBACK_ERROR_FORMAT")


@assumes(
    "sanic",
    "TouchUp.run",
    "Config.TOUCHUP",
    where=APP,
    breaks="a second node in one process fails to start, and overridden methods are replaced",
)
async def test_without_touchup_sanic_leaves_its_source_as_it_is() -> None:
    """With `TOUCHUP` off, a server that starts replaces no method of `Http` and of its protocols."""
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    before = Http.http1_response_header, Http.http1_request_header, WebSocketProtocol.connection_task
    async with stage(WebSocketProtocol) as on:
        reader, writer = await on.dial(GET)
        assert b"alt-svc" in await read_answer(reader)  # what the rewriting would have taken away
        writer.close()
    assert before == (
        Http.http1_response_header,
        Http.http1_request_header,
        WebSocketProtocol.connection_task,
    )


@assumes(
    "sanic",
    "Http.HEADER_MAX_SIZE",
    "Config.REQUEST_MAX_HEADER_SIZE",
    where=UPGRADE,
    breaks="a head of one size is refused or taken, depending on what it asks for",
)
async def test_a_head_may_have_16384_bytes() -> None:
    """Sanic refuses a request whose head is longer than REQUEST_MAX_HEADER_SIZE, up to 16384 bytes, and no
    shorter one, with PayloadTooLarge out of `http1_request_header`.
    """
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    begin = b"GET / HTTP/1.1\r\nHost: a\r\nX: "
    statuses = []
    async with stage(WebSocketProtocol, REQUEST_MAX_HEADER_SIZE=16384) as on:
        for size in (16384 - 8, 16384 + 8):
            reader, writer = await on.dial(begin, b"x" * (size - len(begin) - 4), b"\r\n\r\n")
            statuses.append((await reader.readuntil(b"\r\n"))[9:12])
            writer.close()
    assert statuses == [b"200", b"413"]


@assumes(
    "sanic",
    "ErrorHandler.default",
    "ErrorHandler.log",
    where=ERRORS,
    breaks="the errors of clients are logged as the server's, or answered by pages of Sanic's",
)
async def test_an_error_without_a_handler_goes_to_default_of_the_error_handler() -> None:
    """An exception that no handler was added for is answered by `ErrorHandler.default(request, exception)`,
    and `log` is a static method that it calls.
    """
    from sanic import HTTPResponse, Request
    from sanic.exceptions import NotFound
    from sanic.handlers import ErrorHandler
    from sanic.response import text
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    asked: list[Exception] = []

    class Handler(ErrorHandler):
        def default(self, request: Request, exception: Exception) -> HTTPResponse:
            asked.append(exception)
            return text("ours", 404)

    assert isinstance(vars(ErrorHandler)["log"], staticmethod)
    async with stage(WebSocketProtocol) as on:
        on.app.error_handler = Handler()
        reader, writer = await on.dial(GET.replace(b"GET /", b"GET /nowhere"))
        await read_answer(reader)
        writer.close()
    assert [type(error) for error in asked] == [NotFound]


@assumes(
    "sanic",
    "sanic.log",
    where=LOGS,
    breaks="lines of Sanic's appear in a form of their own, or twice",
)
def test_all_loggers_of_sanic_have_names_below_sanic() -> None:
    """The loggers of Sanic and of its parts are named `sanic` or `sanic.…`."""
    from sanic import log

    loggers = [each for each in vars(log).values() if isinstance(each, logging.Logger)]
    assert {each.name.split(".")[0] for each in loggers} == {"sanic"}


@assumes(
    "sanic",
    "StartupMixin._helper",
    where=LOGS,
    breaks="each start on a terminal warns of Sanic's debug mode",
)
async def test_the_advice_on_production_mode_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The one warning that Sanic logs when a server is made on a terminal holds "PRODUCTION mode"."""
    from sanic.mixins import startup
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    monkeypatch.setattr(startup, "is_atty", lambda: True)
    monkeypatch.setattr(logging.getLogger("sanic.error"), "propagate", True)
    async with stage(WebSocketProtocol):
        pass
    said = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(said) == 1
    assert "PRODUCTION mode" in said[0]
