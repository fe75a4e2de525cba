"""Proxies in a thread: TLS in front of a server, CONNECT (RFC 9110, 9.3.6), and SOCKS 5 (RFC 1928)."""

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from pathlib import Path
from threading import Event, Thread

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Proxy:
    """A proxy on `port` of 127.0.0.1, and how many connections it made."""

    port: int = 0
    connections: int = 0
    # Cuts all connections.
    cut: Callable[[], object] = field(default=lambda: None)

    async def forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, greeting: bytes = b""
    ) -> None:
        """Connect to a port, and copy the bytes both ways."""
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(greeting)
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            await _close(back)


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@contextmanager
def tls_proxy(certificate: tuple[Path, Path], port: int) -> Iterator[Proxy]:
    """Terminate TLS in front of a port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await proxy.forward(reader, writer, port)

    with _serving(proxy, serve, context):
        yield proxy


@contextmanager
def http_proxy(status: str = "200 OK") -> Iterator[Proxy]:
    """Connect to the ports that CONNECT names, or reject each with another status."""
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ", 2)
        assert method == "CONNECT"
        head = f"HTTP/1.1 {status}\r\n\r\n".encode()
        if status.startswith("200"):
            await proxy.forward(reader, writer, int(target.rpartition(":")[2]), head)
        else:
            writer.write(head)
            writer.close()

    with _serving(proxy, serve):
        yield proxy


@contextmanager
def socks_proxy() -> Iterator[Proxy]:
    """Connect to the ports that SOCKS requests name, without authentication."""
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        _, command, _, kind = await reader.readexactly(4)
        assert command == 1
        length = 4 if kind == 1 else (await reader.readexactly(1))[0]
        await reader.readexactly(length)
        port = int.from_bytes(await reader.readexactly(2))
        done = b"\x05\x00\x00\x01" + ipaddress.ip_address("127.0.0.1").packed + b"\x00\x00"
        await proxy.forward(reader, writer, port, done)

    with _serving(proxy, serve):
        yield proxy


class Fault(Enum):
    """What happens to a request of a client."""

    LOST = auto()
    # The server has it; the client does not get the reply.
    REPLY_LOST = auto()
    # The server does not have it, and the connection stays open.
    STALLED = auto()


@contextmanager
def faulty_proxy(port: int, requests: int, fault: Fault, *, later: int | None = None) -> Iterator[Proxy]:
    """Pass some requests of the first connection and their replies to a port, then have a fault with one.

    Later connections are passed unchanged, to the port `later` if given. A client has to wait for each reply.
    """
    proxy = Proxy()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if proxy.connections:
            await proxy.forward(reader, writer, later or port)
            return
        proxy.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", port)
        try:
            for _ in range(requests):
                back.write(await reader.read(65536))
                writer.write(await there.read(65536))
            last = await reader.read(65536)
            if fault is Fault.REPLY_LOST:
                back.write(last)
                await there.read(65536)
            elif fault is Fault.STALLED:
                await reader.read()
        finally:
            await _close(back)

    with _serving(proxy, serve):
        yield proxy


class _Handlers:
    """The connections of a proxy, each handled by a task that `stop` ends."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._handle(reader, writer))
        self._tasks.add(task)

        def ended(_: object) -> None:  # also of a task that was cancelled before it began
            writer.transport.abort()
            self._tasks.discard(task)

        task.add_done_callback(ended)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):  # the client may close at any time
                await self._serve(reader, writer)
        finally:
            await _close(writer)

    def cut(self) -> list[asyncio.Task[None]]:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        return tasks

    async def stop(self) -> None:
        tasks = self.cut()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _serving(proxy: Proxy, serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[None]:
    ready = Event()
    stops: list[Callable[[], object]] = []

    async def run() -> None:
        stop, handlers = asyncio.Event(), _Handlers(serve)
        server = await asyncio.start_server(handlers.accept, "127.0.0.1", 0, ssl=context)
        proxy.port = server.sockets[0].getsockname()[1]
        in_loop = asyncio.get_running_loop().call_soon_threadsafe
        stops.append(partial(in_loop, stop.set))
        proxy.cut = partial(in_loop, handlers.cut)
        ready.set()
        await stop.wait()
        server.close()
        await handlers.stop()

    thread = Thread(target=lambda: asyncio.run(run()))
    thread.start()
    ready.wait()
    try:
        yield
    finally:
        stops[0]()
        thread.join()
