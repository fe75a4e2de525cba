"""The client without asyncio: each call blocks. The connection runs in a thread of its own.

with SyncClient("wss://chat.example.org", name="ann") as chat:
    room = chat.join("lobby")
    room.send("hello")
    for event in room.events(timeout=60):
        print(event)
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

from hubbub_client.client import Client, Options
from hubbub_client.events import Event, HistoryPage, MemberNames, Position, SendReceipt
from hubbub_client.room import Room
from hubbub_client.token_source import TokenSource

T = TypeVar("T")


class SyncClient:
    """A connection to a server, as a context manager. It reconnects and recovers missed messages.

    It may be used by several threads. The arguments are those of `Client`.
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
        self._client = Client(url, token=token, name=name, session=session, options=options)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self._entered: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="hubbub-client", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._entered.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._leave is not None:
            self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._stay())
        except BaseException as error:  # the thread that entered raises it
            if not self._entered.done():
                self._entered.set_exception(error)
            raise

    async def _stay(self) -> None:
        async with self._client:
            self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
            self._entered.set_result(None)
            await self._leave.wait()

    @property
    def user(self) -> str | None:
        """The name of the user, or the requested one before the client is online."""
        return self._client.user

    def online(self, *, within: float | None = None) -> str:
        """Wait until the client is online; return the name of the user. It raises as `Client.online`."""
        return self.wait(self._client.online(within=within)).user

    def join(
        self,
        room: str,
        *,
        since: Position | None = None,
        history: bool = False,
        within: float | None = None,
    ) -> "SyncRoom":
        """Join a room. It raises what `Client.join` does."""
        joining = self._client.join(room, since=since, history=history, within=within)
        return SyncRoom(self, self.wait(joining))

    def wait(self, call: Coroutine[None, None, T]) -> T:
        """Wait for the result of a call; an interrupt cancels it.

        Raises:
            RuntimeError: the client is used outside its `with` block.
        """
        if self._loop is None or not self._thread.is_alive():
            call.close()
            raise RuntimeError("use SyncClient in a with block: with SyncClient(url) as chat")
        future = asyncio.run_coroutine_threadsafe(call, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


class SyncRoom:
    """A joined room whose calls block. Each raises what the same call of `Room` does."""

    def __init__(self, chat: SyncClient, room: Room) -> None:
        self._chat = chat
        self._room = room
        self.name = room.name

    def events(self, *, timeout: float | None = None) -> Iterator[Event]:
        """Yield events, until the room ends, or none came for `timeout` seconds."""
        while (event := self._chat.wait(self._next(timeout))) is not None:
            yield event

    async def _next(self, quiet: float | None) -> Event | None:
        try:
            async with asyncio.timeout(quiet):
                return await anext(self._room, None)
        except TimeoutError:
            return None

    def send(self, text: str, key: str | None = None, *, within: float | None = None) -> SendReceipt:
        """Send a message, and wait until it is stored."""
        return self._chat.wait(self._room.send(text, key, within=within))

    def set_topic(self, text: str, *, within: float | None = None) -> Position:
        """Set the topic of the room, as a moderator; an empty text removes it."""
        return self._chat.wait(self._room.set_topic(text, within=within))

    def older(self, *, within: float | None = None) -> HistoryPage:
        """Read the page before the first message."""
        return self._chat.wait(self._room.older(within=within))

    def names(self, after: str = "", *, within: float | None = None) -> MemberNames | None:
        """Read the names after `after`."""
        return self._chat.wait(self._room.names(after, within=within))

    @property
    def topic(self) -> str | None:
        """The topic of the room; None without one."""
        return self._room.topic

    @property
    def position(self) -> Position | None:
        """The position of the last received message."""
        return self._room.position

    def leave(self) -> None:
        """Leave the room; its events end."""
        self._chat.wait(_leave(self._room))


async def _leave(room: Room) -> None:
    room.leave()
