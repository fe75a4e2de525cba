"""Sanic: the hooks of its HTTP that `HTTP_PROTOCOL` overrides."""

from __future__ import annotations

import asyncio

from tests.assumptions.claims import assumes
from tests.assumptions.places import HTTP_PROTOCOL, REQUEST_BODY
from tests.assumptions.sanic_stage import GET, POST, UPGRADE, read_answer, stage


@assumes(
    "sanic",
    "HttpProtocol.HTTP_CLASS",
    "Http.http1_request_header",
    "Http.request",
    "Http.upgrade_websocket",
    where=HTTP_PROTOCOL,
    breaks="the body of an upgrade is read ahead, so frames are taken for HTTP",
)
async def test_http1_request_header_reads_a_head_and_nothing_after_it() -> None:
    """`http1_request_header` of the protocol's HTTP_CLASS reads one head, sets `request` and
    `upgrade_websocket`, and what it raises is the answer.
    """
    from sanic.exceptions import BadRequest
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    seen: list[tuple[str, bool]] = []
    read = asyncio.Event()

    class Heads(Http):
        async def http1_request_header(self) -> None:
            await super().http1_request_header()
            seen.append((self.request.path, self.upgrade_websocket))
            read.set()
            if self.upgrade_websocket:
                raise BadRequest("stop here")

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Heads

    async with stage(Protocol) as on:
        reader, writer = await on.dial(POST)
        await read.wait()  # the body never comes, so nothing has waited for it
        writer.close()
        reader, writer = await on.dial(UPGRADE)
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert seen == [("/", False), ("/ws", True)]
    assert answer.startswith(b"HTTP/1.1 400 ")


@assumes(
    "sanic",
    "Http.http1_response_header",
    "Http.response",
    where=HTTP_PROTOCOL,
    breaks="each answer carries an empty `alt-svc` header",
)
async def test_http1_response_header_sets_an_empty_alt_svc_which_a_subclass_of_header_can_drop() -> None:
    """`http1_response_header` sets `alt-svc` to "" as an item of `response.headers`, and writes the rest."""
    from sanic.compat import Header
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    dropped: list[tuple[str, str]] = []

    class Without(Header):
        def __setitem__(self, key: str, value: str) -> None:
            if key == "alt-svc":
                dropped.append((key, value))
            else:
                super().__setitem__(key, value)

    class Answers(Http):
        async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
            self.response.headers = Without(self.response.headers)
            await super().http1_response_header(data, end_stream)

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Answers

    async with stage(Protocol) as on:
        reader, writer = await on.dial(GET)
        head = await read_answer(reader)
        writer.close()
    assert dropped == [("alt-svc", "")]
    assert head.startswith(b"http/1.1 200 ")
    assert b"alt-svc" not in head


@assumes(
    "sanic",
    "Http.init_for_request",
    "Http.protocol",
    where=HTTP_PROTOCOL,
    breaks="requests keep the deadline of the one before, or have none",
)
async def test_init_for_request_runs_ahead_of_each_request() -> None:
    """`init_for_request` runs once ahead of each request of a connection, behind the answer to the last."""
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    steps: list[str] = []

    class Requests(Http):
        def init_for_request(self) -> None:
            super().init_for_request()
            assert isinstance(self.protocol, Protocol)
            steps.append("expected")

        async def http1_response_header(self, data: bytes, end_stream: bool) -> None:
            await super().http1_response_header(data, end_stream)
            steps.append("answered")

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Requests

    async with stage(Protocol) as on:
        reader, writer = await on.dial(GET, GET)
        await read_answer(reader)
        await read_answer(reader)
        writer.close()
    assert steps[:4] == ["expected", "answered", "expected", "answered"]


@assumes(
    "sanic",
    "Http._receive_more",
    "Http.recv_buffer",
    "Http.url",
    where=HTTP_PROTOCOL,
    breaks="a malformed head is read as Sanic reads it, or costs a traceback instead of an answer",
)
async def test_a_head_may_be_awaited_and_judged_ahead_of_http1_request_header() -> None:
    """Ahead of `http1_request_header`, `_receive_more` waits for bytes, which it adds to `recv_buffer`; with
    `url` None the answer to a BadRequest needs nothing of the request.
    """
    from sanic.exceptions import BadRequest
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    heads: list[bytes] = []

    class Judges(Http):
        async def http1_request_header(self) -> None:
            while b"\r\n\r\n" not in self.recv_buffer:
                await self._receive_more()
            heads.append(bytes(self.recv_buffer))
            self.url = None
            raise BadRequest("stop here")

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Judges

    async with stage(Protocol) as on:
        reader, writer = await on.dial(GET)
        answer = await reader.read()
        writer.close()
    assert heads == [GET]
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"stop here" in answer


@assumes(
    "sanic",
    "Http.read",
    where=REQUEST_BODY,
    breaks="a body of many small chunks holds the event loop until all of it is parsed",
)
async def test_each_part_of_a_body_is_read_by_read_also_without_a_handler() -> None:
    """Each part of a body comes from `read`, one for a chunk, also if no route takes the request."""
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    parts: list[bytes | None] = []

    class Parts(Http):
        async def read(self) -> bytes | None:
            parts.append(await super().read())
            return parts[-1]

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Parts

    chunked = (
        b"POST /%b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"
    )
    async with stage(Protocol) as on:
        for path in (b"", b"missing"):
            reader, writer = await on.dial(chunked % path, GET)
            await read_answer(reader)
            await read_answer(reader)
            writer.close()
    assert parts == [b"a", b"bc", None] * 2


@assumes(
    "sanic",
    "Http._safe_int",
    where=HTTP_PROTOCOL,
    breaks="sizes of bodies and chunks are read as Python reads numbers, with prefixes and foreign digits",
)
async def test_all_sizes_of_bodies_are_parsed_by_safe_int() -> None:
    """The length of a body goes through `_safe_int(text)`, the size of a chunk through `_safe_int(text, 16)`;
    a ValueError of it is a 400.
    """
    from sanic.http import Http
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    seen: list[tuple[str, int]] = []

    class Sizes(Http):
        @staticmethod
        def _safe_int(value: str, base: int = 10) -> int:
            seen.append((value, base))
            raise ValueError

    class Protocol(WebSocketProtocol):
        HTTP_CLASS = Sizes

    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    async with stage(Protocol) as on:
        for request in (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", chunked):
            reader, writer = await on.dial(request)
            assert (await reader.readuntil(b"\r\n")).split(b" ")[1] == b"400"
            writer.close()
    assert set(seen) == {("2", 10), ("2", 16)}
