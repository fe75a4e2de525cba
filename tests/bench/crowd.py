"""Many clients in one process, on one epoll."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Final, Self

from tests.bench.client import Broken, Client
from tests.bench.stream import Stream

_LONGEST_OPENING: Final = 120.0
_LONGEST_DRAIN: Final = 10.0


class Crowd:
    """The clients of one round; closed at the end of the block. `make` has the signature of `Client`."""

    def __init__(self, port: int, make: Callable[[int, str, str, Stream], Client] = Client) -> None:
        self._port = port
        self._make = make
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._missing = 0
        self._waiting: deque[tuple[str, str, Stream]] = deque()
        self.clients: list[Client] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._epoll.close()
        for client in self.clients:
            client.socket.close()

    def fileno(self) -> int:
        """Return the epoll's file descriptor, to wait for several crowds."""
        return self._epoll.fileno()

    def serve(self, wait: float) -> None:
        """Process what arrived; wait at most so many seconds for it."""
        readers = self._readers
        for number, _ in self._epoll.poll(wait):
            readers[number]()

    def idle(self, seconds: float) -> None:
        """Only receive for a time."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            self.serve(left)

    def open(self, wanted: Iterable[tuple[str, str, Stream]], at_once: int) -> float:
        """Connect clients (name, room, its stream) and join them; return how many seconds that took.

        `at_once`: how many may be connecting at the same time.
        """
        self._waiting.extend(wanted)
        self._missing = len(self._waiting)
        started = monotonic()
        for _ in range(min(at_once, len(self._waiting))):
            self._open_next()
        while self._missing:
            self.serve(1.0)
            if monotonic() - started > _LONGEST_OPENING:
                raise Broken(f"{self._missing} clients could not join within {_LONGEST_OPENING:.0f} s")
        return monotonic() - started

    def drain(self, done: Callable[[], bool]) -> None:
        """Wait until all messages are received, as `done` decides; the rest counts as missing."""
        end = monotonic() + _LONGEST_DRAIN
        while monotonic() < end and not (
            done() and all(c.position == len(c.stream.data) for c in self.clients)
        ):
            self.serve(0.05)

    def deliveries(self) -> int:
        """Return how many messages all clients received so far."""
        return sum(client.stream.delivered(client.position) for client in self.clients)

    def _open_next(self) -> None:
        if not self._waiting:
            return
        client = self._make(self._port, *self._waiting.popleft())
        client.on_joined = self._joined
        self.add(client)

    def add(self, client: Client) -> None:
        """Add a client that connects itself."""
        self.clients.append(client)
        number = client.socket.fileno()
        self._readers[number] = partial(self._connected, client)
        self._epoll.register(number, select.EPOLLOUT)

    def _connected(self, client: Client) -> None:
        number = client.socket.fileno()
        client.connected(self._port)
        self._readers[number] = client.readable
        self._epoll.modify(number, select.EPOLLIN)

    def _joined(self) -> None:
        self._missing -= 1
        self._open_next()
