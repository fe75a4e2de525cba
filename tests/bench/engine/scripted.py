"""A websocket server with the behaviour that a test wants, including protocol violations."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from select import select
from threading import Thread
from typing import Final

_UPGRADED: Final = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
_LIMIT: Final = 20.0

Reply = Callable[[list[socket.socket], bytes], None]


def frame(payload: bytes, head: int = 0x81) -> bytes:
    """Return a text frame; another first byte makes it a fragment or a control frame."""
    if len(payload) < 126:
        return bytes([head, len(payload)]) + payload
    return bytes([head, 126]) + len(payload).to_bytes(2) + payload


@contextmanager
def scripted(members: int, reply: Reply, answer: bytes = _UPGRADED) -> Iterator[int]:
    """Serve so many members, numbered as they connect, for the time of the block; yield the port.

    `reply` is called with all sockets and the payload of each received frame.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_LIMIT)
        thread = Thread(target=_serve, args=(listener, members, reply, answer))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


def _serve(listener: socket.socket, members: int, reply: Reply, answer: bytes) -> None:
    sockets: list[socket.socket] = []
    for _ in range(members):
        taken, _ = listener.accept()
        taken.settimeout(_LIMIT)
        sockets.append(taken)
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += taken.recv(4096)
        taken.sendall(answer)
    left = set(sockets)
    while left:
        for ready in select(left, [], [], _LIMIT)[0]:
            try:
                more = _take(ready, sockets, reply)
            except OSError:
                # The test has ended, and its members are disconnected.
                more = False
            if not more:
                left.discard(ready)
                ready.close()


def _take(ready: socket.socket, sockets: list[socket.socket], reply: Reply) -> bool:
    """Process the frames that arrived; return whether there may be more."""
    data = ready.recv(1 << 16)
    # The test's messages are so short that frames arrive complete.
    at = 0
    while at < len(data):
        size, head = data[at + 1] & 127, at + 2
        if size == 126:
            size, head = int.from_bytes(data[head : head + 2]), head + 2
        mask, payload = data[head : head + 4], data[head + 4 : head + 4 + size]
        reply(sockets, bytes(byte ^ mask[n & 3] for n, byte in enumerate(payload)))
        at = head + 4 + size
    return bool(data)
