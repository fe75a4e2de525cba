"""Diagnose the connection to a server step by step."""

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
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hubbub_cli.connect_failures import explain
from hubbub_cli.sanitize import sanitize
from hubbub_client import ProxySetting
from hubbub_protocol import ProtocolError, commands, decode_event, encode, events

SUBPROTOCOL: Final = Subprotocol("hubbub.v1")
_PINGS: Final = 3
# In seconds: two round trips. A port that speaks another protocol waits for more, and never replies.
_HANDSHAKE: Final = 3.0
# In ms. With a larger clock skew, message times look wrong.
_SKEW: Final = 2_000


class CheckOutcome(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check. `hint` says what to do; `code` is for programs, if the check failed."""

    name: str
    verdict: CheckOutcome
    detail: str
    hint: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class DoctorTarget:
    """The server, the user, and the timeout of each check in seconds."""

    server: str
    name: str | None
    token: str | None
    limit: float
    # For wss.
    tls: ssl.SSLContext | None = None
    proxy: ProxySetting | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.server).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.server).port or (443 if self.secure else 80)

    @property
    def secure(self) -> bool:
        return self.server.startswith("wss:")


_Step = Callable[[DoctorTarget], Awaitable[str]]


async def run_checks(target: DoctorTarget) -> AsyncGenerator[CheckResult]:
    """Run the checks up to the first failure. A caller that stops earlier must close the generator."""
    for name, step in _steps(target):
        finding = await _limited(name, target, step(target))
        yield finding
        if finding.verdict is CheckOutcome.FAIL:
            return
    async with aclosing(_over_websocket(target)) as more:
        async for finding in more:
            yield finding


def _steps(target: DoctorTarget) -> list[tuple[str, _Step]]:
    """Return the checks before the websocket. With a proxy, the server may be out of reach without it."""
    if target.proxy is not None:
        return [("proxy", _proxy)]
    direct: list[tuple[str, _Step]] = [("dns", _dns), ("tcp", _tcp)]
    return [*direct, ("tls", _tls)] if target.secure else direct


async def _over_websocket(target: DoctorTarget) -> AsyncGenerator[CheckResult]:
    connecting = connect(
        target.server,
        subprotocols=[SUBPROTOCOL],
        open_timeout=target.limit,
        ssl=target.tls,
        proxy=target.proxy.url if target.proxy else None,
    )
    try:
        async with connecting as socket_:
            yield _upgraded(socket_)
            async with asyncio.timeout(target.limit), aclosing(_greet(socket_, target)) as greeting:
                async for finding in greeting:
                    yield finding
    except Exception as error:  # noqa: BLE001  a proxy or its library may raise anything
        yield _failed("upgrade", target, error)


def _upgraded(socket_: ClientConnection) -> CheckResult:
    if socket_.subprotocol == SUBPROTOCOL:
        return CheckResult("upgrade", CheckOutcome.OK, f"websocket, subprotocol {SUBPROTOCOL}")
    hint = "The server is too old, or a proxy drops the header Sec-WebSocket-Protocol."
    return CheckResult(
        "upgrade", CheckOutcome.WARN, f"the subprotocol {SUBPROTOCOL} was not negotiated", hint
    )


async def _greet(socket_: ClientConnection, target: DoctorTarget) -> AsyncGenerator[CheckResult]:
    asked = time.time()
    hello = commands.Hello(id=1, name=target.name, token=target.token, client="hubbub-chat doctor")
    with suppress(ConnectionClosed):
        # A server that rejects the connection has sent the reason, and closed already.
        await socket_.send(encode(hello).decode())
    answer = await _answer(socket_)
    took = time.time() - asked
    if not isinstance(answer, events.Welcome):
        yield _not_welcome(answer)
        return
    yield CheckResult("hello", CheckOutcome.OK, f"welcomed as {sanitize(answer.user)}, in {_ms(took)}")
    yield await _pings(socket_)
    yield _skew(answer.time - (asked + took / 2) * 1000)


async def _answer(socket_: ClientConnection) -> events.Event | None:
    """Wait for the first event; None if it is not part of the protocol."""
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
        detail = "the server accepts no connections: connection rate limit exceeded, or a restart"
        return CheckResult(
            "hello", CheckOutcome.FAIL, detail, f"Retry after {answer.delay / 1000:.1f} s.", code="busy"
        )
    hint = "Check the address: is this a hubbub server?"
    return CheckResult(
        "hello", CheckOutcome.FAIL, "the reply is not part of the protocol", hint, code="malformed"
    )


async def _pings(socket_: ClientConnection) -> CheckResult:
    trips = [await (await socket_.ping()) for _ in range(_PINGS)]
    return CheckResult("ping", CheckOutcome.OK, f"{_ms(statistics.median(trips))} round trip (median)")


def _skew(skew: float) -> CheckResult:
    if abs(skew) <= _SKEW:
        return CheckResult(
            "clock",
            CheckOutcome.OK,
            f"the clocks of server and client differ by {abs(skew) / 1000:.1f} s",
        )
    side = "ahead of" if skew > 0 else "behind"
    detail = f"the server's clock is {abs(skew) / 1000:.0f} s {side} this machine's"
    return CheckResult(
        "clock",
        CheckOutcome.WARN,
        detail,
        "Message times are the server's. Synchronise both clocks with NTP.",
    )


async def _dns(target: DoctorTarget) -> str:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(address[0]) for *_, address in found)
    return f"{target.host} resolves to {', '.join(addresses)}"


async def _tcp(target: DoctorTarget) -> str:
    return f"port {target.port} accepts connections, in {_ms(await _connect(target.host, target.port))}"


async def _tls(target: DoctorTarget) -> str:
    context = target.tls or ssl.create_default_context()
    try:
        async with asyncio.timeout(min(_HANDSHAKE, target.limit)):
            took = await _connect(target.host, target.port, context)
    except TimeoutError:
        raise ssl.SSLEOFError from None  # another protocol, which waits for the rest of its request
    return f"the certificate is trusted, in {_ms(took)}"


async def _proxy(target: DoctorTarget) -> str:
    proxy = target.proxy
    if proxy is None:
        return "none"
    return f"{sanitize(proxy.name)} accepts connections, in {_ms(await _connect(proxy.host, proxy.port))}"


async def _connect(host: str, port: int, context: ssl.SSLContext | None = None) -> float:
    began = time.perf_counter()
    _, writer = await asyncio.open_connection(host, port, ssl=context)
    took = time.perf_counter() - began
    writer.close()
    return took


async def _limited(name: str, target: DoctorTarget, step: Awaitable[str]) -> CheckResult:
    try:
        async with asyncio.timeout(target.limit):
            return CheckResult(name, CheckOutcome.OK, await step)
    except (OSError, ValueError) as error:
        return _failed(name, target, error)


def _failed(name: str, target: DoctorTarget, error: Exception) -> CheckResult:
    failure = explain(error, target.server, target.proxy)
    return CheckResult(name, CheckOutcome.FAIL, failure.detail, failure.hint, failure.code)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
