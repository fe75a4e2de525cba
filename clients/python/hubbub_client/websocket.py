"""One websocket: it tells the core what happens to it, and does what the core says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from ssl import SSLContext
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from hubbub_client.sans_io import inputs
from hubbub_client.url import booked
from hubbub_protocol import Close, ProtocolError, commands, decode_event, encode
from hubbub_protocol.events import Event

SUBPROTOCOL: Final = Subprotocol("hubbub.v1")
ABNORMAL: Final = 1006
# A frame of a server holds at most 200 messages of its own limits.frame; ours has to be a bound, not a fit.
MOST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to connect, and for how long to wait for a handshake (seconds)."""

    url: str
    ssl: SSLContext | None = None
    open_timeout: float = 10
    close_timeout: float = 2

    def booked(self) -> "Endpoint":
        """Connect and say that one was told to come now (CL4)."""
        return replace(self, url=booked(self.url))


class ClientWebSocket:
    """A socket from opening to end. After `shut` it tells nothing any more."""

    def __init__(self, endpoint: Endpoint, tell: Callable[[inputs.Input], None]) -> None:
        self._target = endpoint
        self._tell = tell
        # Bounded by the core: it writes one message a room at a time, and waits for each answer.
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._shut_with: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.trouble: Exception | None = None

    def write(self, command: commands.Command) -> None:
        self._outgoing.put_nowait(encode(command))

    def shut(self, code: int) -> None:
        if not self._shut_with.done():
            self._shut_with.set_result(code)

    async def run(self) -> None:
        """Open the socket and serve it to its end."""
        async with asyncio.TaskGroup() as tasks:
            opening = tasks.create_task(self._open())
            # Who shuts it doesn't wait for a handshake.
            self._shut_with.add_done_callback(lambda _: opening.cancel())
        if opening.cancelled():
            return
        socket = opening.result()
        if socket is None:
            self._say(inputs.Lost(ABNORMAL))
        elif socket.subprotocol != SUBPROTOCOL:
            # Something else answers there: a hello would be a chat message to it.
            await socket.close(Close.PROTOCOL_ERROR)
            self._say(inputs.Lost(int(Close.PROTOCOL_ERROR)))
        else:
            await self._serve(socket)

    async def _open(self) -> ClientConnection | None:
        try:
            return await connect(
                self._target.url,
                ssl=self._target.ssl,
                subprotocols=[SUBPROTOCOL],
                compression=None,
                open_timeout=self._target.open_timeout,
                close_timeout=self._target.close_timeout,
                ping_interval=None,  # CS5 notices silence
                max_size=MOST_BYTES,
            )
        except (OSError, TimeoutError, WebSocketException) as error:
            self.trouble = error
            return None

    async def _serve(self, socket: ClientConnection) -> None:
        self._say(inputs.Opened())
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(self._write(socket)), tasks.create_task(self._close(socket))]
            await self._read(socket)
            for task in others:
                task.cancel()
        self._say(inputs.Lost(socket.close_code or ABNORMAL))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                self._say(inputs.Frame(_understand(frame)))
        except ConnectionClosed:
            pass  # `close_code` says how

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.send(await self._outgoing.get(), text=True)
        except ConnectionClosed:
            pass  # the reader tells it

    async def _close(self, socket: ClientConnection) -> None:
        # Shielded: when this task is cancelled, nobody has shut the websocket.
        await socket.close(await asyncio.shield(self._shut_with))

    def _say(self, happened: inputs.Input) -> None:
        if not self._shut_with.done():
            self._tell(happened)


def _understand(frame: str | bytes) -> Event | None:
    try:
        return decode_event(frame)
    except ProtocolError:
        return None  # FR3
