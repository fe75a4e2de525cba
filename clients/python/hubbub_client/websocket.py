"""One websocket: it reports what happens as inputs, and executes the effects of the state machine."""

import asyncio
from collections.abc import Callable
from ssl import SSLContext
from typing import Final

import msgspec
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hubbub_client.proxy import ProxySetting
from hubbub_client.sans_io import inputs
from hubbub_client.url import booked
from hubbub_protocol import Close, ProtocolError, commands, decode_event, encode
from hubbub_protocol.events import Event

SUBPROTOCOL: Final = Subprotocol("hubbub.v1")
ABNORMAL: Final = 1006
# A bound for any server: a frame holds at most 200 messages, each within that server's limits.frame.
MOST_BYTES: Final = 64 * 2**20


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The URL to connect to, how, and the timeouts of the handshakes in seconds. `wss` needs `ssl`."""

    url: str
    ssl: SSLContext | None = None
    proxy: ProxySetting | None = None
    open_timeout: float = 10
    close_timeout: float = 2

    def booked(self) -> "Endpoint":
        """Return the endpoint for a connection with a reservation (CL4)."""
        return replace(self, url=booked(self.url))


class ClientWebSocket:
    """A socket from its handshake to its end. After `shut` it reports nothing."""

    def __init__(self, endpoint: Endpoint, report: Callable[[inputs.Input], None]) -> None:
        self._target = endpoint
        self._report = report
        # Bounded by the state machine: it sends one message per room at a time, and waits for each reply.
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._shut_with: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.connection_error: Exception | None = None

    def write(self, command: commands.Command) -> None:
        self._outgoing.put_nowait(encode(command))

    def shut(self, code: int) -> None:
        if not self._shut_with.done():
            self._shut_with.set_result(code)

    async def run(self) -> None:
        """Open the socket and read from it until it ends."""
        async with asyncio.TaskGroup() as tasks:
            opening = tasks.create_task(self._open())
            # `shut` does not wait for the handshake.
            self._shut_with.add_done_callback(lambda _: opening.cancel())
        if opening.cancelled():
            return
        socket = opening.result()
        if socket is None:
            self._input(inputs.SocketLost(ABNORMAL))
        elif socket.subprotocol != SUBPROTOCOL:
            # Not a hubbub.v1 server: to the plain codec, a hello would be a chat message.
            await socket.close(Close.PROTOCOL_ERROR)
            self._input(inputs.SocketLost(int(Close.PROTOCOL_ERROR)))
        else:
            await self._serve(socket)

    async def _open(self) -> ClientConnection | None:
        try:
            return await connect(
                self._target.url,
                ssl=self._target.ssl,
                proxy=self._target.proxy.url if self._target.proxy else None,
                subprotocols=[SUBPROTOCOL],
                compression=None,
                open_timeout=self._target.open_timeout,
                close_timeout=self._target.close_timeout,
                ping_interval=None,  # CS5 detects missed heartbeats
                max_size=MOST_BYTES,
            )
        except Exception as error:  # noqa: BLE001  whatever fails, also in a proxy or its library, is tried again
            self.connection_error = error
            return None

    async def _serve(self, socket: ClientConnection) -> None:
        self._input(inputs.SocketOpened())
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(self._write(socket)), tasks.create_task(self._close(socket))]
            await self._read(socket)
            for task in others:
                task.cancel()
        self._input(inputs.SocketLost(socket.close_code or ABNORMAL))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                self._input(inputs.FrameReceived(_decode(frame)))
        except ConnectionClosed:
            pass  # `close_code` has the reason

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.send(await self._outgoing.get(), text=True)
        except ConnectionClosed:
            pass  # the reader reports it

    async def _close(self, socket: ClientConnection) -> None:
        # Shielded: a cancellation of this task must not cancel the future.
        await socket.close(await asyncio.shield(self._shut_with))

    def _input(self, given: inputs.Input) -> None:
        if not self._shut_with.done():
            self._report(given)


def _decode(frame: str | bytes) -> Event | None:
    try:
        return decode_event(frame)
    except ProtocolError:
        return None  # FR3
