"""The client: one connection that is reopened when it is lost, and the rooms on it."""

import asyncio
import random
import unicodedata
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from ssl import SSLContext, create_default_context
from types import TracebackType
from typing import Self, TypeVar

from msgspec import Struct

from hubbub_client.driver import Driver, Environment, steady_seconds
from hubbub_client.errors import ClientClosed, NameTaken, TimedOut
from hubbub_client.events import ListedRooms, Position, UserRooms
from hubbub_client.listings import Listings
from hubbub_client.proxy import ProxySetting, find_proxy
from hubbub_client.room import Room
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.client_machine import ClientMachine
from hubbub_client.sans_io.options import MachineOptions
from hubbub_client.sans_io.room_machine import RoomBounds
from hubbub_client.sans_io.status import Closed, Online, Status, Waiting
from hubbub_client.token_source import TokenSource, token_hook
from hubbub_client.url import websocket_url
from hubbub_client.waiters import Waiters, wait_at_most
from hubbub_client.websocket import Endpoint
from hubbub_protocol import Close

T = TypeVar("T")

# Statuses that are queued for one watcher; a slow watcher loses the oldest ones.
WATCHED = 16


class Options(Struct, frozen=True, kw_only=True):
    """The options of a client, apart from the user. Times are in seconds."""

    # The name of the client software, for the server's log.
    about: str = "hubbub-python"
    # Whether the rooms count this connection as no member: it is in no list of members, and joins and leaves
    # silently. It reads and sends like any other.
    listener: bool = False
    # The default timeout of a call.
    within: float = 30
    # Events of a room that are queued before `Lagged`.
    queue: int = 1000
    # Own messages of a room that are queued until they are stored.
    outbox: int = 200
    open_timeout: float = 10
    close_timeout: float = 2
    # For wss. The default trusts the authorities of the operating system, or those of SSL_CERT_FILE.
    ssl: SSLContext | None = None
    # Whether to use the proxy of the environment: socks_proxy, https_proxy, http_proxy, all_proxy; no_proxy.
    proxy: bool = True
    clock: Callable[[], float] = steady_seconds
    random: Callable[[], float] = random.random


class Client:
    """A connection to a server, as an async context manager. It reconnects and recovers missed messages.

    `token` is a string, or a function (async or not) that is called whenever a token is needed; with a string
    the client closes when it is about to expire. Without a token the user is a guest, under `name` or a name
    that the server generates. `session` proves the name of an earlier client (`Client.session`).
    """

    def __init__(
        self,
        url: str,
        *,
        token: TokenSource | None = None,
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
                listener=options.listener,
                token=token is not None,
                # The application keeps the messages that it shows.
                bounds=RoomBounds(outbox=options.outbox, hold=0),
            ),
            options.random,
        )
        self.url = websocket_url(url)
        self.proxy: ProxySetting | None = find_proxy(self.url) if options.proxy else None
        endpoint = Endpoint(
            url=self.url,
            ssl=(options.ssl or create_default_context()) if self.url.startswith("wss:") else None,
            proxy=self.proxy,
            open_timeout=options.open_timeout,
            close_timeout=options.close_timeout,
        )
        self._driver = Driver(
            machine,
            Environment(
                endpoint=endpoint, hook=None if token is None else token_hook(token), clock=options.clock
            ),
            self._report,
        )
        self._rooms: dict[str, Room] = {}
        self._listings = Listings()
        self._online: Waiters[Online] = Waiters()
        self._watchers: list[tuple[deque[Status], asyncio.Event]] = []
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._driver.start(self._tasks)
        self._driver.step(inputs.ConnectRequested())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._driver.step(inputs.CloseRequested())
        try:
            await self._driver.close()
        finally:
            # An error of the block propagates unchanged. The task group needs to see a cancellation, because
            # it may have caused it, after a task failed.
            if isinstance(error, asyncio.CancelledError):
                await self._tasks.__aexit__(kind, error, trace)
            else:
                await self._tasks.__aexit__(None, None, None)

    # State

    @property
    def status(self) -> Status:
        return self._driver.machine.status

    @property
    def session(self) -> str | None:
        """The secret that proves the name; a later client needs it for the same name."""
        return self._driver.machine.session

    @property
    def user(self) -> str | None:
        """The name of the user, or the requested one before `welcome`."""
        return self._driver.machine.user

    @property
    def user_id(self) -> str | None:
        """The stable id of the user; None before `welcome`, and on an older server."""
        return self._driver.machine.user_id

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next attempt to connect; None if no attempt is scheduled."""
        now = self.status
        return max(0, now.until - self._driver.now()) / 1000 if isinstance(now, Waiting) else None

    @property
    def connection_error(self) -> Exception | None:
        """The error of the last attempt to connect; None if it succeeded."""
        return self._driver.connection_error

    async def statuses(self) -> AsyncGenerator[Status]:
        """Yield the status and each change of it, up to `Closed`. A slow reader misses older ones."""
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
        """Wait until the client is online.

        Raises:
            ClientClosed: the client is closed.
            TimedOut: it is not online yet and keeps trying; see `connection_error`.
        """
        now = self.status
        if isinstance(now, Online):
            return now
        if isinstance(now, Closed):
            raise _closed(now)
        seconds = self._options.within if within is None else within
        return await self._explained(wait_at_most(seconds, self._online.enter(), "connecting"))

    # Commands

    async def join(
        self,
        room: str,
        *,
        since: Position | None = None,
        history: bool = False,
        within: float | None = None,
    ) -> Room:
        """Join a room, also after each reconnect. The same name returns the same object.

        The room yields messages that are stored after the first join, or after `since`: a program that saves
        its position resumes there. With `history`, the last messages before come first; they are not `live`.

        Raises:
            RoomRefused: the room cannot be joined.
            ClientClosed: the client is closed.
            TimedOut: it is not joined yet; the client keeps trying.
        """
        room = unicodedata.normalize("NFC", room)
        options = self._options
        here = self._rooms.get(room)
        if here is None:
            here = self._rooms[room] = Room(
                room, self._driver, queue=options.queue, within=options.within, history=history
            )
            if isinstance(self.status, Closed):
                self._end(here, self.status)
        await self._explained(here.join(since, within))
        return here

    async def directory(
        self, prefix: str = "", after: str = "", *, within: float | None = None
    ) -> ListedRooms | None:
        """Read rooms that the user may read, after the `after` of the last page. None: try again later."""
        waits = self._listings.directory(prefix, after)
        return await self._listed(inputs.DirectoryRequested(prefix, after), waits, within)

    async def rooms(self, after: str = "", *, within: float | None = None) -> UserRooms | None:
        """Read the rooms that the user has joined, with what is unread. None: not now, or no read marks."""
        waits = self._listings.own(after)
        return await self._listed(inputs.OwnRoomsRequested(after), waits, within)

    async def _listed(self, given: inputs.ListInput, waits: Waiters[T], within: float | None) -> T:
        result = waits.enter()
        self._driver.step(given)
        return await wait_at_most(self._options.within if within is None else within, result, "reading")

    def retry(self) -> None:
        """Reconnect now instead of waiting."""
        self._driver.step(inputs.RetryRequested())

    def away(self, away: bool) -> None:  # noqa: FBT001 - the state, and the only argument
        """Report that the user is away, or here again, also after each reconnect (PR6)."""
        self._driver.step(inputs.AwayChanged(away))

    def offline(self) -> None:
        """Report that the network was lost: the client does not connect until `back_online`."""
        self._driver.step(inputs.NetworkLost())

    def back_online(self) -> None:
        """Report that the network is back."""
        self._driver.step(inputs.NetworkRestored())

    # Effects

    async def _explained(self, waiting: Awaitable[T]) -> T:
        """Await; add the connection error to a timeout."""
        try:
            return await waiting
        except TimedOut as error:
            if self.connection_error is None or isinstance(self.status, Online):
                raise
            through = f" through the proxy {self.proxy.name}" if self.proxy else ""
            raise TimedOut(
                f"{error}: cannot connect to {self.url}{through}: {self.connection_error}"
            ) from self.connection_error

    def _report(self, effect: effects.Reported) -> None:
        if isinstance(effect, effects.StatusChanged):
            self._changed(effect.status)
        elif isinstance(effect, effects.ListEffect):
            self._listings.on_effect(effect)
        elif effect.room in self._rooms:
            self._rooms[effect.room].on_effect(effect)

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
