"""Handshakes on the fast path: only those that the library would answer in the same way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.http11 import Request
from websockets.server import ServerProtocol

from service.gateway import handshake
from service.gateway.request_head import MOST_FIELDS
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
    "Sec-WebSocket-Protocol: HUBBUB.V1",
    "Sec-WebSocket-Protocol: \t hubbub.v1 \t",
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
def test_the_response_is_the_same_as_that_of_the_library(line: str, fields: list[str]) -> None:
    data = head(line, fields)
    parsed = handshake.read(data)
    if parsed is None:
        return
    protocol = ServerProtocol(subprotocols=["hubbub.v1"])  # type: ignore[list-item]
    protocol.receive_data(data)
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    response = protocol.accept(request)
    assert response.status_code == 101
    assert (request.headers.get("Origin"), request.headers["Host"]) == (parsed.origin, parsed.host)
    expected = {name.lower(): value for name, value in response.headers.raw_items()}
    _, *lines = handshake.response(parsed.key).decode().strip().split("\r\n")
    answered = dict(found.lower().split(": ", 1) for found in lines)
    assert answered.keys() == expected.keys() - {"date"}
    assert answered["sec-websocket-accept"] == expected["sec-websocket-accept"].lower()


def test_handshakes_of_browsers_and_sdks_take_the_fast_path() -> None:
    assert handshake.read(Peer.handshake()) == handshake.UpgradeRequest(KEY, None, "127.0.0.1")
    with_page = Peer.handshake(headers={"Origin": "http://here", "Connection": "keep-alive, Upgrade"})
    assert handshake.read(with_page) == handshake.UpgradeRequest(KEY, "http://here", "127.0.0.1")


@pytest.mark.parametrize(
    ("query", "booked"),
    [("", False), ("?", False), ("?booked=1", True), ("?a=b&booked=1", True), ("?rebooked=1", False)],
)
def test_a_booked_slot_is_read_from_the_query(query: str, *, booked: bool) -> None:
    parsed = handshake.read(Peer.handshake(f"/ws{query}"))
    assert parsed is not None
    assert parsed.booked is booked


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
        Peer.handshake(headers={"sec-websocket-key": KEY}),
        Peer.handshake().replace(KEY.encode(), b"a" * 21 + b"q=="),
        Peer.handshake(headers={f"X-{number}": "" for number in range(MOST_FIELDS - 5)}),
        Peer.handshake(headers={"Sec-WebSocket-Protocol": "HUBBUB.V1"}),
        Peer.handshake("/ws", headers={"Cookie": "a" * 16_384}),
        Peer.handshake("http://127.0.0.1/ws"),
        Peer.handshake().replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
def test_anything_else_takes_the_full_path(data: bytes) -> None:
    assert handshake.read(data) is None


def test_handshakes_that_differ_only_in_the_key_have_the_same_contents() -> None:
    other = "B" * 21 + "A=="
    first = Peer.handshake(headers={"Origin": "http://here"})
    assert handshake.read(first) == handshake.UpgradeRequest(KEY, "http://here", "127.0.0.1")
    second = handshake.read(first.replace(KEY.encode(), other.encode()))
    assert second == handshake.UpgradeRequest(other, "http://here", "127.0.0.1")


def test_a_head_has_as_many_fields_as_it_may() -> None:
    assert handshake.read(Peer.handshake(headers={f"X-{number}": "" for number in range(MOST_FIELDS - 6)}))


# As Chromium, Firefox, nginx, HAProxy and Envoy send them.
@pytest.mark.parametrize(
    "more",
    [
        {
            "Connection": "Upgrade",
            "Pragma": "no-cache",
            "Cache-Control": "no-cache",
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) (KHTML, like Gecko) Chrome/126.0.0.0",
            "Origin": "http://127.0.0.1",
            "Accept-Encoding": "gzip, deflate, br, zstd",
            "Accept-Language": "de-DE,de;q=0.9,en;q=0.8",
            "Cookie": 'a=b; c="d e"',
            "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        },
        {"Connection": "keep-alive, Upgrade", "Accept": "*/*", "Sec-Fetch-Mode": "websocket", "Sec-GPC": "1"},
        {"Connection": "upgrade", "X-Real-IP": "10.0.0.1", "X-Forwarded-For": "::1, 10.0.0.1"},
        {"X-Request-Id": "7d", "X-Envoy-Expected-Rq-Timeout-Ms": "0", "X-Forwarded-Proto": "https"},
    ],
)
def test_handshakes_through_proxies_take_the_fast_path(more: dict[str, str]) -> None:
    head = Peer.handshake("/ws?a=%C3%A4&b", headers=more)
    assert handshake.read(head) is not None
    line, _, fields = head.partition(b"\r\n")
    in_lower_case = b"\r\n".join(
        name.lower() + colon + value
        for name, colon, value in (field.partition(b":") for field in fields.split(b"\r\n"))
    )
    assert handshake.read(line + b"\r\n" + in_lower_case) is not None


@pytest.mark.parametrize("filler", [b" ", b"\t", b" a", b"a "])
def test_a_long_line_with_an_invalid_end_takes_linear_time(filler: bytes) -> None:
    # A pattern with ambiguous white space needed seconds for one of these lines.
    for _ in range(1000):
        assert (
            handshake.read(b"GET /ws HTTP/1.1\r\nX:" + filler * (8000 // len(filler)) + b"\1\r\n\r\n") is None
        )
