"""Rejected handshakes: the fast path and the full path answer alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic import Request, Sanic
from sanic.compat import Header

from service.gateway import handshake
from service.gateway.full_handshake import accept
from tests.service.peer import KEY, Peer
from tests.service.serving import Served

VALID = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
LINES = ["GET /ws HTTP/1.1", "GET /ws HTTP/1.0", "GET /ws HTTP/2.0", "POST /ws HTTP/1.1", "HEAD /ws HTTP/1.1"]
FIELDS = [
    *(f"{name}: {value}" for name, value in VALID.items()),
    "Host: ",
    "Host: there",
    "upgrade: WebSocket",
    "Upgrade: h2c",
    "Connection: keep-alive, upgrade",
    "Connection: close",
    f"Sec-WebSocket-Key: {KEY[:-4]}",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAA",
    "Sec-WebSocket-Version: 8",
    "Content-Length: 0",
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
]


def request(line: str, fields: list[str]) -> bytes:
    return "\r\n".join([line, *fields, "", ""]).encode()


def changed(**changes: str | None) -> list[str]:
    """List the fields of a valid handshake with some changes (None: left out)."""
    fields = VALID | {name.replace("_", "-"): value for name, value in changes.items()}
    return [f"{name}: {value}" for name, value in fields.items() if value is not None]


async def answer(served: Served, data: bytes) -> tuple[str, str]:
    """Return the status of a response, and the other lines of its head."""
    peer = await served.peer()
    await peer.write(data)
    first, _, rest = (await peer.head()).partition("\r\n")
    return first.split(" ", 2)[1], rest


@pytest.mark.parametrize(
    ("line", "fields", "status"),
    [
        (LINES[0], changed(), "101"),
        (LINES[0], changed(Content_Length="0"), "101"),
        (LINES[1], changed(), "400"),
        (LINES[2], changed(), "400"),
        (LINES[3], changed(), "405"),
        (LINES[4], changed(), "405"),
        (LINES[0], changed(Host=None), "400"),
        (LINES[0], changed(Host=""), "400"),
        (LINES[0], [*changed(), "Host: there"], "400"),
        (LINES[0], changed(Upgrade=None), "426"),
        (LINES[0], changed(Upgrade="h2c"), "426"),
        (LINES[0], changed(Connection=None), "426"),
        (LINES[0], changed(Connection="close"), "426"),
        (LINES[0], changed(Sec_WebSocket_Key=None), "400"),
        (LINES[0], changed(Sec_WebSocket_Key="c2hvcnQ="), "400"),
        (LINES[0], changed(Sec_WebSocket_Key="*" * 24), "400"),
        (LINES[0], [*changed(), f"Sec-WebSocket-Key: {KEY}"], "400"),
        (LINES[0], changed(Sec_WebSocket_Version=None), "400"),
        (LINES[0], changed(Sec_WebSocket_Version="8"), "426"),
        (LINES[0], [*changed(), "Sec-WebSocket-Version: 13"], "400"),
        (LINES[0], changed(Content_Length="3"), "400"),
        (LINES[0], changed(Transfer_Encoding="chunked"), "400"),
        (LINES[0], changed(Connection="a," * 500 + "upgrade"), "101"),
        (LINES[0], changed(Connection="a," * 600 + "upgrade"), "400"),
        (LINES[0], changed(Connection="upgrade" + ",a" * 600), "400"),
        (LINES[0], changed(Upgrade="a," * 600 + "websocket"), "400"),
    ],
)
async def test_the_fast_and_the_full_path_reject_alike(
    served: Served, line: str, fields: list[str], status: str
) -> None:
    plain = await answer(served, request(line, fields))
    fast = await answer(served, request(line, [*fields, "Sec-WebSocket-Protocol: hubbub.v1"]))
    full = await answer(served, request(line, [*fields, "Sec-WebSocket-Protocol: soap, hubbub.v1"]))
    assert (plain[0], fast[0], full[0]) == (status, status, status)
    if status != "101":
        assert plain == fast == full


@pytest.mark.parametrize("name", ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"])
async def test_a_list_of_a_handshake_has_a_bounded_length(served: Served, name: str) -> None:
    status, _ = await answer(served, request(LINES[0], [*changed(), f"{name}: {'a,' * 600}hubbub.v1"]))
    assert status == "400"


async def test_the_response_to_another_version_names_the_supported_one(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Sec-WebSocket-Version": "8"}))
    head = await peer.head()
    assert head.startswith("HTTP/1.1 426 ")
    assert "\r\nsec-websocket-version: 13\r\n" in head.lower()
    assert (await peer.rest()).endswith(b"Unsupported websocket version '8': version 13 is supported.\n")


async def test_bytes_after_a_rejected_handshake_are_not_parsed_as_frames(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Content-Length": "3"}) + b"abc")
    assert (await peer.head()).startswith("HTTP/1.1 400 ")
    assert (await peer.rest()) == b"Invalid websocket handshake: it must not have a body.\n"


@pytest.fixture(scope="module")
def app() -> Sanic:  # type: ignore[type-arg]
    return Sanic("upgrades", configure_logging=False)


@given(st.lists(st.sampled_from(FIELDS), max_size=12))
def test_the_full_path_accepts_each_handshake_of_the_fast_path(app: Sanic, fields: list[str]) -> None:  # type: ignore[type-arg]
    fields = [*fields, "Sec-WebSocket-Protocol: hubbub.v1"]
    if handshake.read(request(LINES[0], fields)) is None:
        return
    pairs = [tuple(field.split(": ", 1)) for field in fields]
    full = Request(b"/ws", Header(pairs), "1.1", "GET", None, app)  # type: ignore[arg-type]
    assert accept(full, ["hubbub.v1"])[1] == "hubbub.v1"
