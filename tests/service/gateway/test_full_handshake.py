"""Which upgrades are refused, and how: alike ahead of Sanic and behind it."""

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

GOOD = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
LINES = ["GET /ws HTTP/1.1", "GET /ws HTTP/1.0", "GET /ws HTTP/2.0", "POST /ws HTTP/1.1", "HEAD /ws HTTP/1.1"]
FIELDS = [
    *(f"{name}: {value}" for name, value in GOOD.items()),
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
    """List the fields of a good upgrade, but for some (None: left out)."""
    fields = GOOD | {name.replace("_", "-"): value for name, value in changes.items()}
    return [f"{name}: {value}" for name, value in fields.items() if value is not None]


async def answer(served: Served, data: bytes) -> tuple[str, str]:
    """Give the first line of an answer, and the rest of it without what differs each time."""
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
    ],
)
async def test_clients_of_both_kinds_are_refused_alike(
    served: Served, line: str, fields: list[str], status: str
) -> None:
    plain = await answer(served, request(line, fields))
    quick = await answer(served, request(line, [*fields, "Sec-WebSocket-Protocol: hubbub.v1"]))
    slow = await answer(served, request(line, [*fields, "Sec-WebSocket-Protocol: soap, hubbub.v1"]))
    assert (plain[0], quick[0], slow[0]) == (status, status, status)
    if status != "101":
        assert plain == quick == slow


async def test_another_version_is_told_which_one_is_spoken(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Sec-WebSocket-Version": "8"}))
    head = await peer.head()
    assert head.startswith("HTTP/1.1 426 ")
    assert "\r\nsec-websocket-version: 13\r\n" in head.lower()
    assert (await peer.rest()).endswith(b"version 13 of the websocket protocol is spoken here\n")


async def test_what_stands_behind_a_refused_upgrade_is_not_taken_for_frames(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"Content-Length": "3"}) + b"abc")
    assert (await peer.head()).startswith("HTTP/1.1 400 ")
    assert (await peer.rest()) == b"an upgrade has no body\n"


@pytest.fixture(scope="module")
def app() -> Sanic:  # type: ignore[type-arg]
    return Sanic("upgrades", configure_logging=False)


@given(st.lists(st.sampled_from(FIELDS), max_size=12))
def test_whoever_comes_in_the_quick_way_would_come_in_the_slow_way(app: Sanic, fields: list[str]) -> None:  # type: ignore[type-arg]
    fields = [*fields, "Sec-WebSocket-Protocol: hubbub.v1"]
    if handshake.read(request(LINES[0], fields)) is None:
        return
    pairs = [tuple(field.split(": ", 1)) for field in fields]
    asked = Request(b"/ws", Header(pairs), "1.1", "GET", None, app)  # type: ignore[arg-type]
    assert accept(asked, ["hubbub.v1"])[1] == "hubbub.v1"
