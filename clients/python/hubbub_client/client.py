"""The client: one connection that comes back by itself, and the rooms on it."""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from types import TracebackType
from typing import Self, TypeVar

from hubbub_client.driver import Driver, Environment, TokenHook
from hubbub_client.errors import ClientClosed, NameTaken, TimedOut
from hubbub_client.events import Position
from hubbub_client.room import Room
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.client_machine import ClientMachine, MachineOptions
from hubbub_client.sans_io.room_machine import RoomBounds
from hubbub_client.sans_io.status import Closed, Online, Status, Waiting
from hubbub_client.url import websocket_url
from hubbub_client.waiters import Waiters, wait_at_most
from hubbub_client.websocket import Endpoint
from hubbub_protocol import Close

T = TypeVar("T")

# Statuses that one watcher may be behind; older ones are dropped, for the newest is what counts.
WATCHED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What can be set about a client, apart from whom it speaks for. Times are in seconds."""

    # What the client is, for the server's log.
    about: str = "hubbub-python"
    # The limit of a call that doesn't name one.
    within: float = 30
    # Events of a room that may wait to be read, before `Lagged`.
    queue: int = 1000
    # Own messages of a room that may wait to be stored.
    outbox: int = 200
    open_timeout: float = 10
    close_timeout: float = 2
    ssl: SSLContext | None = None
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = field(default=random.random)


class Client:
    """Connects when entered, and closes when left. A lost connection comes back, and what was missed with it.

    `token` is called whenever a token is needed; without it one is a guest, under `name` or a name that the
    server makes up. `session` proves a name from an earlier client of the same person (`Client.session`).
    """

    def __init__(
        self,
        url: str,
        *,
        token: TokenHook | None = None,
        name: str | None = None,
        session: str | None = None,
        options: Options | None = None,
    ) -> None:
        self._options = options = options or Options()
        machine = ClientMachine(
            MachineOptions(
                name=name,
                session=session,
                client=options.about,
                token=token is not None,
                # The application holds what it shows; the core need not.
                bounds=RoomBounds(outbox=options.outbox, hold=0),
            ),
            options.random,
        )
        endpoint = Endpoint(
            url=websocket_url(url),
            ssl=options.ssl,
            open_timeout=options.open_timeout,
            close_timeout=options.close_timeout,
        )
        self.url = endpoint.url
        self._driver = Driver(
            machine, Environment(endpoint=endpoint, hook=token, clock=options.clock), self._tell
        )
        self._rooms: dict[str, Room] = {}
        self._online: Waiters[Online] = Waiters()
        self._watchers: list[tuple[deque[Status], asyncio.Event]] = []
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._driver.start(self._tasks)
        self._driver.step(inputs.Connect())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._driver.step(inputs.Close())
        try:
            await self._driver.close()
        finally:
            # An error of the block is the caller's, and goes on as it is; a cancellation the group must know,
            # for it may be its own, of a task that failed.
            if isinstance(error, asyncio.CancelledError):
                await self._tasks.__aexit__(kind, error, trace)
            else:
                await self._tasks.__aexit__(None, None, None)

    # What it is

    @property
    def status(self) -> Status:
        return self._driver.machine.status

    @property
    def session(self) -> str | None:
        """A secret: keep it to have the same name again in a later client."""
        return self._driver.machine.session

    @property
    def user(self) -> str | None:
        """The name that one has, or asks for."""
        return self._driver.machine.user

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next try to connect, if it waits for one."""
        now = self.status
        return max(0, now.until - self._driver.now()) / 1000 if isinstance(now, Waiting) else None

    @property
    def trouble(self) -> Exception | None:
        """Why the last socket did not open."""
        return self._driver.trouble

    async def statuses(self) -> AsyncGenerator[Status]:
        """Watch the status, from the current one to `Closed`; a slow reader misses older ones."""
        seen, changed = deque([self.status], maxlen=WATCHED), asyncio.Event()
        self._watchers.append((seen, changed))
        try:
            while True:
                while seen:
                    status = seen.popleft()
                    yield status
                    if isinstance(status, Closed):
                        return
                changed.clear()
                await changed.wait()
        finally:
            self._watchers.remove((seen, changed))

    async def online(self, *, within: float | None = None) -> Online:
        """Wait until welcomed.

        Raises:
            ClientClosed: that won't happen.
            TimedOut: it hasn't happened; the client goes on trying, and `trouble` may say why it can't.
        """
        now = self.status
        if isinstance(now, Online):
            return now
        if isinstance(now, Closed):
            raise _closed(now)
        seconds = self._options.within if within is None else within
        return await self._explained(wait_at_most(seconds, self._online.enter(), "connecting"))

    # What it does

    async def join(self, room: str, *, since: Position | None = None, within: float | None = None) -> Room:
        """Be in a room, and come back to it while the client lives. The same room is the same object.

        Raises:
            RoomRefused: it can't be joined.
            ClientClosed: the client ended.
            TimedOut: it is not joined yet; the client goes on trying.
        """
        options = self._options
        here = self._rooms.get(room)
        if here is None:
            here = self._rooms[room] = Room(room, self._driver, queue=options.queue, within=options.within)
            if isinstance(self.status, Closed):
                self._end(here, self.status)
        await self._explained(here.join(since, within))
        return here

    def retry(self) -> None:
        """Cut a wait for the next try short."""
        self._driver.step(inputs.Retry())

    def offline(self) -> None:
        """Say that the network went: nothing is tried until `back_online`."""
        self._driver.step(inputs.Offline())

    def back_online(self) -> None:
        """Say that the network came."""
        self._driver.step(inputs.Online())

    # What it is told

    async def _explained(self, waiting: Awaitable[T]) -> T:
        """Await, and say why there is no connection if that is what took too long."""
        try:
            return await waiting
        except TimedOut as error:
            if self.trouble is None or isinstance(self.status, Online):
                raise
            raise TimedOut(f"{error}, for {self.url} can't be reached: {self.trouble}") from self.trouble

    def _tell(self, effect: effects.Changed | effects.RoomEffect) -> None:
        if isinstance(effect, effects.Changed):
            self._changed(effect.status)
        elif effect.room in self._rooms:
            self._rooms[effect.room].tell(effect)

    def _changed(self, now: Status) -> None:
        if isinstance(now, Online):
            self._online.succeed(now)
        if isinstance(now, Closed):
            self._online.fail(_closed(now))
            for room in self._rooms.values():
                self._end(room, now)
        for seen, changed in self._watchers:
            seen.append(now)
            changed.set()

    @staticmethod
    def _end(room: Room, now: Closed) -> None:
        room.closed(_closed(now), quietly=now.code == Close.NORMAL)


def _closed(now: Closed) -> ClientClosed:
    return NameTaken(now.suggestion) if now.code == "name_taken" else ClientClosed(now.code)
