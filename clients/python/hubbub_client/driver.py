"""Drive the state machine: a timer, one websocket at a time, and the token hook. Every wait has a timeout."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Final

import msgspec

from hubbub_client.errors import NoToken
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.client_machine import ClientMachine
from hubbub_client.token_source import TokenHook
from hubbub_client.websocket import ClientWebSocket, Endpoint

TOKEN_TIMEOUT: Final = 30.0
_WEBSOCKET: Final = "websocket"
# Of Linux; on macOS CLOCK_MONOTONIC continues, and on Windows time.monotonic does.
_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))

_log: Final = logging.getLogger(__name__)


def steady_seconds() -> float:
    """Read a monotonic clock that continues while the machine sleeps, where the platform has one."""
    if _CLOCK is None:
        return time.monotonic()
    return time.clock_gettime(_CLOCK)


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The I/O that a driver uses. `clock` returns seconds and must be monotonic."""

    endpoint: Endpoint
    hook: TokenHook | None = None
    clock: Callable[[], float] = steady_seconds


class Driver:
    """Passes inputs to the state machine and executes its effects; `report` gets the application's."""

    def __init__(
        self,
        machine: ClientMachine,
        environment: Environment,
        report: Callable[[effects.Reported], None],
    ) -> None:
        self.machine = machine
        self._environment = environment
        self._report = report
        self._websocket: ClientWebSocket | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._stepped = asyncio.Event()

    @property
    def connection_error(self) -> Exception | None:
        """The error of the last attempt to connect; None if it succeeded."""
        return None if self._websocket is None else self._websocket.connection_error

    def now(self) -> int:
        return int(self._environment.clock() * 1000)

    def step(self, given: inputs.Input) -> None:
        """Pass an input to the state machine and execute the effects."""
        for effect in self.machine.step(given, self.now()):
            self._do(effect)
        self._stepped.set()

    def _do(self, effect: effects.Effect) -> None:
        match effect:
            case effects.OpenSocket():
                endpoint = self._environment.endpoint
                if effect.booked:
                    endpoint = endpoint.booked()
                self._websocket = ClientWebSocket(endpoint, self.step)
                self._start(self._websocket.run(), _WEBSOCKET)
            case effects.SendCommand(command):
                if self._websocket is not None:
                    self._websocket.write(command)
            case effects.ShutSocket(code):
                if self._websocket is not None:
                    self._websocket.shut(code)
            case effects.RequestToken():
                self._start(self._ask_token(), "token")
            case _:
                self._report(effect)

    def start(self, tasks: asyncio.TaskGroup) -> None:
        """Start the timer; this group owns all tasks of the driver."""
        self._tasks = tasks
        self._start(self._tick(), "clock")

    async def close(self) -> None:
        """Cancel all tasks, after the close timeout of sockets that were shut."""
        websockets = {task for task in self._running if task.get_name() == _WEBSOCKET}
        try:
            if websockets:
                await asyncio.wait(websockets, timeout=self._environment.endpoint.close_timeout + 1)
        finally:  # also if the caller is cancelled meanwhile
            self._tasks = None
            for task in self._running:
                task.cancel()

    async def _tick(self) -> None:
        while True:
            self._stepped.clear()
            due = self.machine.deadline
            left = None if due is None else max(0.0, due / 1000 - self._environment.clock())
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._stepped.wait()
            due = self.machine.deadline
            if due is not None and self.now() >= due:
                self.step(inputs.DeadlineReached())

    def _start(self, what: Coroutine[None, None, None], name: str) -> None:
        if self._tasks is None:
            what.close()
            return
        task = self._tasks.create_task(what, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _ask_token(self) -> None:
        hook = self._environment.hook
        if hook is None:
            return
        try:
            async with asyncio.timeout(TOKEN_TIMEOUT):
                token = await hook()
        except NoToken as error:
            if error.args:
                _log.error("No token: %s", error)
            self.step(inputs.TokenUnavailable(final=True))
        except Exception:  # noqa: BLE001 - the application's code may raise anything; it is called again later
            _log.warning("The token hook failed", exc_info=True)
            self.step(inputs.TokenUnavailable(final=False))
        else:
            self.step(inputs.TokenReceived(token))
