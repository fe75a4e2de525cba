"""Upgrades that are answered ahead of Sanic: only such as the library would answer alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from service import knock
from tests.service.peer import KEY, Peer

FIELDS = [
    "Host: here",
    "Upgrade: websocket",
    "upgrade: WebSocket",
    "Upgrade: h2c",
    "Connection: Upgrade",
    "connection: keep-alive, Upgrade",
    "Connection: close",
    f"Sec-WebSocket-Key: {KEY}",
    "Sec-WebSocket-Key: AAAA",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Version: 8",
    "Sec-WebSocket-Protocol: hubbub.v1",
    "Sec-WebSocket-Protocol: other, hubbub.v1",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "Origin: http://here",
    'User-Agent: test (x; y) "z"',
    "Cookie: ",
    "Content-Length: 3",
    "Bad Field: x",
    " folded",
    "no colon",
]


def head(line: str, fields: list[str]) -> bytes:
    return "\r\n".join([line, *fields, "", ""]).encode()


@given(
    st.sampled_from(["GET /ws HTTP/1.1", "GET /ws?a=b HTTP/1.1", "GET /wsx HTTP/1.1", "POST /ws HTTP/1.1"]),
    st.lists(st.sampled_from(FIELDS), max_size=12),
)
def test_what_is_answered_is_what_the_library_would_answer(line: str, fields: list[str]) -> None:
    data = head(line, fields)
    asked = knock.read(data)
    if asked is None:
        return
    protocol = ServerProtocol(subprotocols=["hubbub.v1"])  # type: ignore[list-item]
    protocol.receive_data(data)
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    response = protocol.accept(request)
    assert response.status_code == 101
    assert (request.headers.get("Origin"), request.headers["Host"]) == (asked.origin, asked.host)
    wanted = {name.lower(): value for name, value in response.headers.raw_items()}
    _, *lines = knock.welcome(asked.key).decode().strip().split("\r\n")
    answered = dict(found.lower().split(": ", 1) for found in lines)
    assert answered.keys() == wanted.keys() - {"date"}
    assert answered["sec-websocket-accept"] == wanted["sec-websocket-accept"].lower()


def test_what_browsers_and_sdks_send_is_met_here() -> None:
    assert knock.read(Peer.handshake()) == knock.Knock(KEY, None, "127.0.0.1")
    with_page = Peer.handshake(headers={"Origin": "http://here", "Connection": "keep-alive, Upgrade"})
    assert knock.read(with_page) == knock.Knock(KEY, "http://here", "127.0.0.1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        Peer.handshake()[:-1],
        Peer.handshake() + b"\x81\x80\x00\x00\x00\x00",
        Peer.handshake(protocol=None),
        Peer.handshake("/wsx"),
        Peer.handshake(headers={"Host": "h\u00e4r"}),
        Peer.handshake(headers={"X": "a\rb"}),
        Peer.handshake(headers={"X": "a\0b"}),
        Peer.handshake(headers={"Content-Length": "0"}),
        Peer.handshake(headers={"upgrade": "websocket"}),
    ],
)
def test_anything_else_goes_the_long_way(data: bytes) -> None:
    assert knock.read(data) is None
