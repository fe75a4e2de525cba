"""Malformed requests are answered with 400, ahead of Sanic, and logged in few lines without their content."""

from __future__ import annotations

import logging
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.gateway.request_head import find_fault, parse_size
from tests.service.conftest import logged_errors
from tests.service.peer import Peer
from tests.service.serving import Served

GET: Final = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
POST: Final = b"POST /api/rooms/a/messages HTTP/1.1\r\nHost: x\r\n"
BODY: Final = b"c\r\nhello, world\r\n0\r\n\r\n"
ARABIC: Final = "\u0661\u0662"

MALFORMED: Final = {
    "a long line with an escape": b"GET /" + b"a" * 7_900 + b"\x1b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method that is no word": b"G\xa5T / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target that is no address": b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target without a path": b"GET ::: HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target that is not ascii": "GET /ä HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a space before the colon": POST + b"Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}",
    "two framings": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n" + BODY,
    "another coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + BODY,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length in other digits": POST + f"Content-Length: {ARABIC}\r\n\r\n{{}}".encode(),
    "a length in full-width digits": POST + "Content-Length: \uff12\r\n\r\n{}".encode(),
    "a chunk size with a prefix": POST + b"Transfer-Encoding: chunked\r\n\r\n0x" + BODY,
    "a chunk size with a space": POST + b"Transfer-Encoding: chunked\r\n\r\n " + BODY,
    "a chunk size in other digits": POST + f"Transfer-Encoding: chunked\r\n\r\n{ARABIC}\r\n".encode() + BODY,
    "a null": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "a lone carriage return": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    "a lone line feed": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\nContent-Length: 2\r\n\r\n",
    "a folded line": b"GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "more than 100 headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100 + b"\r\n",
    "an upgrade with more than 100 headers": Peer.handshake()[:-2] + b"a: b\r\n" * 100 + b"\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "another version": b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
}


async def answer(served: Served, request: bytes) -> str:
    peer = await served.peer()
    await peer.write(request)
    return (await peer.head()).partition("\r\n")[0]


@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_request_is_answered_with_400(
    served: Served, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await answer(served, MALFORMED[name]) in {"HTTP/1.1 400 Bad Request", "http/1.1 400 Bad Request"}
    assert not logged_errors(caplog)


async def test_a_flood_of_malformed_requests_is_one_line_without_their_content(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(20):
        await answer(served, MALFORMED["a long line with an escape"])
    records = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in records] == ["http_request_invalid"]
    assert "aaaa" not in str(vars(records[0]))
    assert served.node.metrics.http_requests_invalid == 20


async def test_a_chunked_body_of_plain_sizes_is_read(served: Served) -> None:
    assert " 401 " in await answer(served, POST + b"Transfer-Encoding: chunked\r\n\r\n" + BODY)


async def test_a_head_in_single_bytes_is_read(served: Served) -> None:
    peer = await served.peer()
    for byte in GET:
        await peer.write(bytes([byte]))
    assert " 200 " in (await peer.head()).partition("\r\n")[0]


async def test_100_headers_are_read(served: Served) -> None:
    for head, status in ((GET, " 200 "), (Peer.handshake(), " 101 ")):
        further = b"".join(b"a%d: b\r\n" % number for number in range(101 - head.count(b"\r\n") + 1))
        full = head[:-2] + further + b"\r\n"
        assert full.count(b"\r\n") == 102
        assert status in await answer(served, full)


async def test_an_absolute_target_is_read(served: Served) -> None:
    assert " 200 " in await answer(served, GET.replace(b"GET /", b"GET http://x/"))


async def test_a_content_type_that_is_none_is_no_failure(served: Served) -> None:
    request = POST + b"Content-Type: None\r\nContent-Length: 2\r\n\r\n{}"
    assert " 401 " in await answer(served, request)


@given(st.binary(max_size=60))
def test_no_head_with_other_control_characters_passes(junk: bytes) -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + junk
    if find_fault(head) is None:
        assert not set(b"\0\n\r") & set(junk.replace(b"\r\n", b""))


@given(st.text(max_size=6), st.sampled_from([10, 16]))
def test_a_size_is_ascii_digits_or_an_error(text: str, base: int) -> None:
    try:
        size = parse_size(text, base)
    except ValueError:
        return
    assert text.isascii()
    assert text.isalnum()
    assert size >= 0


async def test_the_handshake_has_the_same_check(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers={"X": "a\0b"}))
    assert " 400 " in await peer.head()
