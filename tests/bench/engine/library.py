"""The Python side of the load generator: C, compiled at its first use, called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

HERE: Final = Path(__file__).parent
BUILT: Final = HERE.parents[2] / "build" / "bench"
_STEPS: Final = 4
_OPENING_LIMIT: Final = 120.0
QUIET, ECHO, ANSWER = range(3)


class Missing(Exception):
    """This machine lacks something that a program needs; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A server's protocol over a websocket.

    In messages, `%m` is the member's number, `%r` its room's, `%n` counts its messages, `%k` is a key that no
    other message has, and `%t` is the text.

    Attributes:
        path: the path of the handshake.
        subprotocol: the requested subprotocol, if any.
        opening: the messages to join, and what the answer to each must contain.
        message: the template of a message.
        answer: the beginning of an acknowledgement, if there are any.
        ping, pong: the application's own, if it has them.
    """

    path: str
    message: str
    subprotocol: str = ""
    opening: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    ping: str = ""
    pong: str = ""


class _Wire(ctypes.Structure):
    _fields_ = (
        ("upgrade", ctypes.c_char_p),
        ("say", ctypes.c_char_p * _STEPS),
        ("wait_for", ctypes.c_char_p * _STEPS),
        ("message", ctypes.c_char_p),
        ("answer", ctypes.c_char_p),
        ("ping", ctypes.c_char_p),
        ("pong", ctypes.c_char_p),
    )


class Counts(ctypes.Structure):
    """The counters.

    Attributes:
        joined, closed, refused: members that joined, that the server closed, and whose handshake it rejected.
        said, answered: messages that were sent, and acknowledged.
        delivered, wrong: deliveries in their sender's order, and those that came twice or too late.
        bytes, reads: what was read, and in how many reads.
    """

    joined: int
    closed: int
    refused: int
    said: int
    answered: int
    delivered: int
    wrong: int
    bytes: int
    reads: int
    _fields_ = tuple(
        (name, ctypes.c_uint64)
        for name in (
            "joined", "closed", "refused", "said", "answered", "delivered", "wrong", "bytes", "reads",
        )
    )  # fmt: skip


def compile_c(sources: Sequence[Path], into: Path, *options: str) -> Path:
    """Compile a program or a library, unless it is newer than its sources."""
    if into.exists() and into.stat().st_mtime > max(source.stat().st_mtime for source in sources):
        return into
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise Missing("a C compiler is needed (on Debian and Ubuntu: apt-get install gcc libc6-dev)")
    into.parent.mkdir(parents=True, exist_ok=True)
    code = [str(source) for source in sources if source.suffix == ".c"]
    subprocess.run([compiler, "-O2", *options, "-o", str(into), *code], check=True)
    return into


@cache
def library() -> ctypes.CDLL:
    """Compile and load the generator; raise Missing without a compiler."""
    sources = sorted([*HERE.glob("*.c"), *HERE.glob("*.h")])
    library = ctypes.CDLL(str(compile_c(sources, BUILT / "engine.so", "-shared", "-fPIC")))
    library.engine_begin.argtypes = (
        ctypes.POINTER(_Wire), ctypes.POINTER(ctypes.c_int),
        ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int,
    )  # fmt: skip
    library.engine_open.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_double)
    library.engine_open.restype = ctypes.c_double
    library.engine_run.argtypes = (ctypes.c_double, ctypes.c_double)
    library.engine_drain.argtypes = (ctypes.c_uint64, ctypes.c_double)
    library.engine_latency.argtypes = (ctypes.c_double,)
    library.engine_latency.restype = ctypes.c_double
    library.engine_counts.restype = Counts
    return library


def _bytes(text: str) -> bytes | None:
    return text.encode() or None


def _in_c(wire: Wire) -> _Wire:
    extra = f"Sec-WebSocket-Protocol: {wire.subprotocol}\r\n" if wire.subprotocol else ""
    upgrade = (
        f"GET {wire.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{extra}\r\n"
    )
    array = ctypes.c_char_p * _STEPS
    return _Wire(
        upgrade.encode(),
        array(*(said.encode() for said, _ in wire.opening)),
        array(*(wanted.encode() for _, wanted in wire.opening)),
        wire.message.encode(),
        *map(_bytes, (wire.answer, wire.ping, wire.pong)),
    )


class Crowd:
    """The members of one round, in one thread; only one crowd can exist at a time.

    Member n is in room n % rooms; the members of a room are distributed over the ports.
    """

    def __init__(self, wire: Wire, ports: Sequence[int], *, most: int, rooms: int, text_size: int) -> None:
        self._library = library()
        self._keep = _in_c(wire)
        numbers = (ctypes.c_int * len(ports))(*ports)
        self._library.engine_begin(ctypes.byref(self._keep), numbers, len(ports), most, rooms, text_size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.engine_end()

    @property
    def counts(self) -> Counts:
        counts: Counts = self._library.engine_counts()
        return counts

    @property
    def stalled(self) -> int:
        """The number of members that don't read."""
        return int(self._library.engine_deaf())

    def open(self, more: int, *, at_once: int, stalled_every: int = 0) -> float:
        """Connect and join; return the seconds it took. The last of `stalled_every` members never reads."""
        took = self._library.engine_open(more, min(at_once, more), stalled_every, _OPENING_LIMIT)
        return float(took)

    def speakers(self, each_room: int) -> None:
        """Set how many members of each room send, once all are open."""
        self._library.engine_speakers(each_room)

    def talk(self, mode: int, in_flight: int = 0) -> None:
        """Keep so many messages of each sender in flight: until received, until acknowledged, or stop."""
        self._library.engine_talk(mode, in_flight)

    def run(self, seconds: float, rate: float = 0) -> None:
        """Receive for a time; with a rate, send so many messages a second, in turn."""
        self._library.engine_run(seconds, rate)

    def drain(self, wanted: int, patience: float = 10.0) -> None:
        """Wait for so many deliveries, or until none arrives for `patience` seconds."""
        self._library.engine_drain(wanted, patience)

    def forget_latencies(self) -> None:
        """Reset the latencies."""
        self._library.engine_forget_latencies()

    def latency(self, share: float) -> float:
        """Return the latency within which that share of the deliveries was made."""
        return float(self._library.engine_latency(share))

    def other_orders(self) -> int:
        """Return how many members received everything, but in another order than the others of their room."""
        return int(self._library.engine_other_orders())
