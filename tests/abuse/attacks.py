"""The attacks: each is a number of connections that write bytes as fast as the node takes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from time import time
from typing import Final

import jwt

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
        answer: what is read before the flood begins, if there is an opening.
        vary: makes what is written after `opening` again and again, from a word that is new each time.
        connections: the number of connections.
        addresses: the number of addresses that they come from.
        settings: settings of the node, other than the defaults.
        pause: how long a connection rests between two reads (seconds): a slow consumer.
        short: whether the tests run it too. `make abuse` runs all.
        about: what the issue of the review calls it.
    """

    about: str
    flood: bytes = b""
    opening: bytes = Peer.handshake() + _HELLO + _JOIN
    answer: bytes = b'"welcome"'
    vary: Callable[[str], bytes] | None = None
    connections: int = 5
    addresses: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    short: bool = True

    @property
    def floods(self) -> bool:
        """Whether anything is written after the opening."""
        return bool(self.flood or self.vary)

    def next_write(self) -> bytes:
        """Make the bytes that are written next."""
        return self.flood if self.vary is None else self.vary(token_hex(8))


def _many(data: bytes) -> bytes:
    return data * max(1, _WRITE // len(data))


def _command(text: str) -> bytes:
    return _many(frame(text))


def _begin_room(word: str) -> bytes:
    room = f'"room":"{word}"'
    send = f'{{"type":"send","id":4,{room},"text":"x"}}'
    commands = (f'{{"type":"join","id":3,{room}}}', send, f'{{"type":"leave","id":5,{room}}}')
    return b"".join(map(frame, commands))


def _large_text(word: str) -> bytes:
    return frame(f'{{"type":"send","id":4,"room":"{_ROOM}","text":"{_EMOJI}","key":"{word}"}}')


def _reply(word: str) -> bytes:
    return frame(f'{{"type":"send","id":4,"room":"{_ROOM}","text":"x","key":"{word}","reply_to":1}}')


def _change(word: str) -> bytes:
    message = f'"room":"{_ROOM}","target":{int(word, 16) % 20 + 1}'
    edit = f'{{"type":"edit","id":4,{message},"text":"{word}"}}'
    return b"".join(
        map(
            frame,
            (
                edit,
                f'{{"type":"react","id":5,{message},"emoji":":a:"}}',
                f'{{"type":"unreact","id":6,{message},"emoji":":a:"}}',
            ),
        )
    )


_EMOJI: Final = "\N{DUCK}" * 4_000
_TOKEN_KEY: Final = "a secret of the tests, of at least 32 bytes"
_TOKEN: Final = jwt.encode({"sub": "mallory", "exp": time() + 86_400}, _TOKEN_KEY, "HS256")
# As many as a query may have.
_WORDS: Final = " ".join(f"{number}" for number in range(100, 225))
_ARCHIVE: Final = {"ARCHIVE_URL": "sqlite:///chat.sqlite"}
_FILES: Final = {"HUBBUB_FILES_URL": "file:///files"}
# As many texts as one address may store at once.
_TEXTS: Final = b"".join(_large_text(f"{number}") for number in range(10))
_PAGE: Final = f'"room":"{_ROOM}","before":999999,"limit":200'
_BODY: Final = b"x" * 60_000
ATTACKS: Final = {
    "new rooms": Attack(about="S1", vary=_begin_room, connections=40),
    "large texts": Attack(about="S2", vary=_large_text, connections=60),
    "large texts to slow readers": Attack(
        about="S2", vary=_large_text, connections=60, pause=0.5, short=False
    ),
    "idle guests": Attack(
        about="S7",
        opening=Peer.handshake() + _HELLO,
        connections=300,
        settings={"HUBBUB_CONNECTIONS": "200"},
    ),
    "names": Attack(about="S7", opening=Peer.handshake() + _HELLO, connections=300),
    "refused names": Attack(
        about="S6",
        opening=Peer.handshake(),
        answer=b"\r\n\r\n",
        flood=_command('{"type":"hello","id":3,"name":"\u0430dmin"}'),
        connections=20,
    ),
    "room listing": Attack(
        about="S18",
        opening=b"",
        flood=f"GET /api/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_TOKEN}\r\n\r\n".encode(),
        connections=20,
        settings={
            "HUBBUB_AUTH": "both",
            "HUBBUB_TOKEN_ALGORITHM": "HS256",
            "HUBBUB_TOKEN_KEY": _TOKEN_KEY,
            "HUBBUB_GUEST_READ": "*",
            "HUBBUB_GUEST_WRITE": "*",
        },
    ),
    "search": Attack(
        about="S18",
        flood=_command(f'{{"type":"search","id":3,"room":"{_ROOM}","query":"{_WORDS}"}}'),
        connections=20,
        settings=_ARCHIVE,
    ),
    "new rooms from 100 addresses": Attack(about="S1", vary=_begin_room, connections=100, addresses=100),
    "pings from 100 addresses": Attack(
        about="S3", flood=frame(b"", Op.PING) * 100, connections=100, addresses=100
    ),
    "metrics": Attack(
        about="S8", opening=b"", flood=b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", connections=20
    ),
    "wrong keys": Attack(
        about="S18",
        opening=b"",
        flood=b"GET /api/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n",
        connections=20,
    ),
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
    "history of large texts": Attack(
        about="S3",
        opening=Peer.handshake() + _HELLO + _JOIN + _TEXTS,
        flood=_command(f'{{"type":"history","id":3,{_PAGE}}}'),
        connections=20,
        settings=_ARCHIVE,
    ),
    "joins of a room of large texts": Attack(
        about="S3",
        opening=Peer.handshake() + _HELLO + _JOIN + _TEXTS,
        flood=_many(
            frame(
                f'{{"type":"join","id":3,"room":"{_ROOM}","limit":200,"since":{{"epoch":"unwritten","offset":0}}}}'
            )
        ),
        connections=20,
        settings=_ARCHIVE,
        short=False,
    ),
    "threads": Attack(
        about="S3",
        opening=Peer.handshake() + _HELLO + _JOIN + b"".join(_reply(f"{number}") for number in range(20)),
        flood=_command(f'{{"type":"history","id":3,{_PAGE},"thread":1}}'),
        connections=20,
        settings=_ARCHIVE,
        short=False,
    ),
    "changes": Attack(
        about="S3",
        opening=Peer.handshake() + _HELLO + _JOIN + b"".join(_reply(f"{number}") for number in range(20)),
        vary=_change,
        connections=20,
        settings=_ARCHIVE,
        short=False,
    ),
    "tickets": Attack(
        about="S18",
        flood=_command(f'{{"type":"upload","id":3,"room":"{_ROOM}","name":"a","size":1}}'),
        connections=20,
        settings=_FILES,
        short=False,
    ),
    "uploads": Attack(
        about="S18",
        opening=b"",
        flood=b"PUT /api/files/%b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b"
        % (b"0" * 32, len(_BODY), _BODY),
        connections=20,
        settings=_FILES,
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
    "tiny chunks": Attack(
        about="S3",
        opening=b"",
        flood=b"POST /api/rooms/target/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\nx\r\n" * 16_000
        + b"0\r\n\r\n",
        connections=20,
    ),
    "many headers": Attack(
        about="S4",
        opening=b"",
        flood=b"GET /health/live HTTP/1.1\r\nHost: x\r\n" + b"a:\r\n" * 4_000 + b"\r\n",
        connections=20,
    ),
    "malformed requests": Attack(
        about="S4", opening=b"", flood=b"GET /" + b"a" * 7_900 + b"\x1b HTTP/1.1\r\nHost: x\r\n\r\n"
    ),
}
