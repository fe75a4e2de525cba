"""What stands between here and the server, looked at step by step."""

import asyncio
import socket
import ssl
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from hubbub_cli.sanitize import sanitize
from hubbub_protocol import ProtocolError, commands, decode_event, encode, events

SUBPROTOCOL: Final = Subprotocol("hubbub.v1")
_PINGS: Final = 3
# Clocks that differ by more make times look wrong, in ms.
_SKEW: Final = 2_000


class CheckOutcome(StrEnum):
    """How a step went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a step found. `hint` says what to do about it; `code` is a word for programs if it failed."""

    name: str
    verdict: CheckOutcome
    detail: str
    hint: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ConnectFailure:
    """Why a connection did not come about: in words, with what to do, and as a word for programs."""

    detail: str
    hint: str
    code: str


@dataclass(frozen=True, slots=True)
class DoctorTarget:
    """The server, who to be there, and how long each step may take, in seconds."""

    server: str
    name: str | None
    token: str | None
    limit: float

    @property
    def host(self) -> str:
        return urlsplit(self.server).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.server).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        return self.server.startswith("wss:")


async def findings(target: DoctorTarget) -> AsyncGenerator[CheckResult]:
    """Take the steps, up to the first that fails. Whoever may stop earlier closes it."""
    steps: list[tuple[str, Callable[[DoctorTarget], Awaitable[str]]]] = [("dns", _dns), ("tcp", _tcp)]
    for name, step in [*steps, ("tls", _tls)] if target.secure else steps:
        finding = await _limited(name, target, step(target))
        yield finding
        if finding.verdict is CheckOutcome.FAIL:
            return
    async with aclosing(_over_websocket(target)) as more:
        async for finding in more:
            yield finding


async def _over_websocket(target: DoctorTarget) -> AsyncGenerator[CheckResult]:
    try:
        async with connect(target.server, subprotocols=[SUBPROTOCOL], open_timeout=target.limit) as socket_:
            yield _upgraded(socket_)
            async with asyncio.timeout(target.limit), aclosing(_greet(socket_, target)) as greeting:
                async for finding in greeting:
                    yield finding
    except (OSError, InvalidHandshake, ConnectionClosed) as error:
        yield _failed("upgrade", target, error)


def _upgraded(socket_: ClientConnection) -> CheckResult:
    if socket_.subprotocol == SUBPROTOCOL:
        return CheckResult("upgrade", CheckOutcome.OK, f"websocket, subprotocol {SUBPROTOCOL}")
    hint = "An old server, or a proxy that drops Sec-WebSocket-Protocol."
    return CheckResult("upgrade", CheckOutcome.WARN, f"the subprotocol {SUBPROTOCOL} was not agreed on", hint)


async def _greet(socket_: ClientConnection, target: DoctorTarget) -> AsyncGenerator[CheckResult]:
    asked = time.time()
    hello = commands.Hello(id=1, name=target.name, token=target.token, client="hubbub-chat doctor")
    with suppress(ConnectionClosed):
        # A server that turns us away says so unasked, and has closed already.
        await socket_.send(encode(hello).decode())
    answer = await _answer(socket_)
    took = time.time() - asked
    if not isinstance(answer, events.Welcome):
        yield _not_welcome(answer)
        return
    yield CheckResult("hello", CheckOutcome.OK, f"welcome as {sanitize(answer.user)}, in {_ms(took)}")
    yield await _pings(socket_)
    yield _skew(answer.time - (asked + took / 2) * 1000)


async def _answer(socket_: ClientConnection) -> events.Event | None:
    """Wait for the first event; None if it isn't one of the protocol."""
    try:
        return decode_event(await socket_.recv())
    except ProtocolError:
        return None


def _not_welcome(answer: events.Event | None) -> CheckResult:
    if isinstance(answer, events.Error):
        hint = f"{answer.suggestion} is free: --name {answer.suggestion}" if answer.suggestion else ""
        return CheckResult(
            "hello", CheckOutcome.FAIL, sanitize(answer.message), sanitize(hint), code=sanitize(answer.code)
        )
    if isinstance(answer, events.Drain):
        detail = "the server is well, but takes nobody just now: too many come at once, or it restarts"
        return CheckResult(
            "hello", CheckOutcome.FAIL, detail, f"Try again in {answer.delay / 1000:.1f} s.", code="busy"
        )
    hint = "Is this really a hubbub server? See the address."
    return CheckResult(
        "hello", CheckOutcome.FAIL, "the answer is none of the protocol", hint, code="malformed"
    )


async def _pings(socket_: ClientConnection) -> CheckResult:
    trips = [await (await socket_.ping()) for _ in range(_PINGS)]
    return CheckResult("ping", CheckOutcome.OK, f"{_ms(statistics.median(trips))} there and back")


def _skew(skew: float) -> CheckResult:
    if abs(skew) <= _SKEW:
        return CheckResult(
            "clock", CheckOutcome.OK, f"the server's clock and this one agree to {abs(skew) / 1000:.1f} s"
        )
    side = "ahead of" if skew > 0 else "behind"
    detail = f"the server's clock is {abs(skew) / 1000:.0f} s {side} this one"
    return CheckResult(
        "clock", CheckOutcome.WARN, detail, "Times of messages are the server's. Set the clocks by NTP."
    )


async def _dns(target: DoctorTarget) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    return f"{target.host} is {', '.join(addresses)}"


async def _tcp(target: DoctorTarget) -> str:
    return f"port {target.port} answers, in {_ms(await _connect(target, None))}"


async def _tls(target: DoctorTarget) -> str:
    return f"the certificate is trusted, in {_ms(await _connect(target, ssl.create_default_context()))}"


async def _connect(target: DoctorTarget, context: ssl.SSLContext | None) -> float:
    began = time.perf_counter()
    _, writer = await asyncio.open_connection(target.host, target.port, ssl=context)
    took = time.perf_counter() - began
    writer.close()
    return took


async def _limited(name: str, target: DoctorTarget, step: Awaitable[str]) -> CheckResult:
    try:
        async with asyncio.timeout(target.limit):
            return CheckResult(name, CheckOutcome.OK, await step)
    except OSError as error:
        return _failed(name, target, error)


def _failed(name: str, target: DoctorTarget, error: Exception) -> CheckResult:
    told = explain(error, target.server)
    return CheckResult(name, CheckOutcome.FAIL, told.detail, told.hint, told.code)


def explain(error: Exception, server: str) -> ConnectFailure:
    """Say in words why a connection did not come about, and what to do."""
    match error:
        case TimeoutError():
            return ConnectFailure("no answer in time", "A firewall, or a server that hangs.", "timeout")
        case socket.gaierror():
            host = sanitize(urlsplit(server).hostname or "")
            return ConnectFailure(
                f"the name {host} is not known", "See the spelling, and the network.", "unknown_host"
            )
        case ConnectionRefusedError():
            hint = "Is a server running there, on this port?"
            return ConnectFailure("connection refused", hint, "connection_refused")
        case ssl.SSLError():
            hint = "Is it the right certificate? Or ws:// for wss://?"
            return ConnectFailure(f"TLS failed: {error.reason or error}", hint, "tls_failed")
        case InvalidStatus():
            status = error.response.status_code
            hint = "The path is /ws, if no proxy changes it."
            return ConnectFailure(f"HTTP {status} instead of a websocket", hint, "no_websocket")
        case _:
            return ConnectFailure(sanitize(str(error)) or type(error).__name__, "", "connection_lost")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
