"""The attacks: each is a number of connections that write the same bytes as fast as the node takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.service.framing import Op, frame
from tests.service.peer import Peer

_ROOM: Final = "target"
_HELLO: Final = frame('{"type":"hello","id":1}')
_JOIN: Final = frame(f'{{"type":"join","id":2,"room":"{_ROOM}"}}')
_LARGE: Final = 65_000
# More than the node reads at once.
_WRITE: Final = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack.

    Attributes:
        opening: what each connection writes at first; empty for HTTP.
        flood: what it then writes again and again.
        connections: the number of connections, all from one address.
        about: what the issue of the review calls it.
    """

    about: str
    flood: bytes
    opening: bytes = Peer.handshake() + _HELLO + _JOIN
    connections: int = 5


def _many(data: bytes) -> bytes:
    return data * max(1, _WRITE // len(data))


def _command(text: str) -> bytes:
    return _many(frame(text))


ATTACKS: Final = {
    "pings": Attack(about="S3", flood=_many(frame(b"", Op.PING))),
    "pongs": Attack(about="S3", flood=_many(frame(b"", Op.PONG))),
    "leave": Attack(about="S3", flood=_command(f'{{"type":"leave","id":3,"room":"{_ROOM}"}}')),
    "large frames": Attack(about="S3", flood=frame("x" * _LARGE)),
    "typing": Attack(about="S3", flood=_command(f'{{"type":"typing","room":"{_ROOM}"}}')),
    "sends above the rate": Attack(
        about="S3", flood=_command(f'{{"type":"send","id":3,"room":"{_ROOM}","text":"x"}}')
    ),
    "history": Attack(
        about="S3",
        flood=_command(f'{{"type":"history","id":3,"room":"{_ROOM}","before":999999,"limit":200}}'),
        connections=20,
    ),
    "invalid frames": Attack(about="S3", flood=_command("x")),
    "pongs with the handshake": Attack(
        about="S15",
        opening=Peer.handshake() + _HELLO + frame(b"", Op.PONG) * 12_000,
        flood=b"",
        connections=20,
    ),
    "tiny fragments": Attack(
        about="S16",
        opening=Peer.handshake() + _HELLO + frame(b"{", fin=False),
        flood=_many(frame(b"  ", Op.CONT, fin=False)),
        connections=20,
    ),
    "malformed requests": Attack(
        about="S4", opening=b"", flood=b"GET /" + b"a" * 7_900 + b"\x1b HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
}
