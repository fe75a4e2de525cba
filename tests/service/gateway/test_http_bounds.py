"""Limits for unauthenticated clients: bytes, time and sockets."""

from __future__ import annotations

import pytest

from service.gateway.handshake import MAX_HEAD
from service.gateway.request_body import LEAST, SHARE
from service.settings.tuning import Tuning
from service.transport.input_turns import InputTurns
from tests.service.peer import Peer
from tests.service.serving import serving, until

ALIVE = b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /api/rooms/lobby/messages HTTP/1.1\r\nHost: here\r\n"


QUICK = Tuning(request_seconds=0.1)


@pytest.fixture
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop Sanic's own clock, so that its timers never fire before the deadline."""
    monkeypatch.setattr("sanic.server.protocols.http_protocol.current_time", lambda: 0.0)


async def answer(peer: Peer, request: bytes) -> str:
    """Send a request and return the first line of its response. The short body stays unread."""
    await peer.write(request)
    return (await peer.head()).partition("\r\n")[0]


async def test_a_body_larger_than_a_frame_is_rejected_before_it_is_read() -> None:
    async with serving() as served:
        limit = served.node.settings.frame_bytes
        allowed, rejected = await served.peer(), await served.peer()
        await allowed.write(POST + b"Content-Length: %d\r\n\r\n%b" % (limit, b" " * limit))
        assert (await allowed.head()).startswith("HTTP/1.1 401 ")
        await rejected.write(POST + b"Content-Length: %d\r\n\r\n" % (limit + 1))
        assert (await rejected.head()).startswith("HTTP/1.1 413 ")
        assert b'"code":"too_long"' in await rejected.rest()
        assert served.node.metrics.error_responses.counts["too_long"] == 1


@pytest.mark.parametrize(("size", "shares"), [(1, 10), (SHARE, 1)])
async def test_a_body_is_parsed_in_shares_and_small_chunks_are_charged(
    monkeypatch: pytest.MonkeyPatch, size: int, shares: int
) -> None:
    turns, wait = list[InputTurns](), InputTurns.wait

    async def counted(self: InputTurns) -> None:
        turns.append(self)
        await wait(self)

    monkeypatch.setattr(InputTurns, "wait", counted)
    async with serving(requests_per_address=1) as served:
        peer = await served.peer()
        count = 10 * SHARE // LEAST if size == 1 else 1
        chunks = b"%x\r\n%b\r\n" % (size, b" " * size) * count
        await peer.write(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert (await peer.head()).startswith("HTTP/1.1 401 ")
        assert len(turns) == 1 + shares
        assert served.node.metrics.address_limited.counts == ({"requests": 7} if size == 1 else {})


COOKIES = b"Cookie: %b\r\n"


@pytest.mark.parametrize("first", [9_000, 1_000])
async def test_a_head_of_16_kib_is_accepted_for_the_page_and_for_an_upgrade(first: int) -> None:
    """Also if it comes in two pieces."""
    async with serving() as served:
        for head, status in ((b"GET / HTTP/1.1\r\nHost: here\r\n", "200"), (Peer.handshake()[:-2], "101")):
            peer = await served.peer()
            large = head + COOKIES % (b"c" * (MAX_HEAD - len(head) - 14)) + b"\r\n"
            assert MAX_HEAD - 4 <= len(large) <= MAX_HEAD
            await peer.write(large[:first])
            assert (await answer(peer, large[first:])).startswith(f"HTTP/1.1 {status} ")


async def test_a_larger_head_is_rejected_with_431() -> None:
    async with serving() as served:
        for head in (b"GET / HTTP/1.1\r\nHost: here\r\n", Peer.handshake()[:-2]):
            peer = await served.peer()
            large = head + COOKIES % (b"c" * MAX_HEAD) + b"\r\n"
            assert (await answer(peer, large)).startswith("HTTP/1.1 431 ")
            assert b"larger than 16384 bytes" in await peer.rest()
        assert served.node.metrics.error_responses.counts["too_long"] == 2


@pytest.mark.usefixtures("frozen_clock")
@pytest.mark.parametrize("partial", [POST, POST + b"Content-Length: 9\r\n\r\n{", Peer.handshake()[:40]])
async def test_a_request_that_is_incomplete_at_its_deadline_is_aborted(partial: bytes) -> None:
    async with serving(tuning=QUICK) as served:
        peer = await served.peer()
        await peer.write(partial)
        assert not await peer.rest()
        assert served.node.metrics.http_requests_timed_out == 1


@pytest.mark.usefixtures("frozen_clock")
async def test_a_deadline_ends_with_its_request() -> None:
    async with serving(tuning=QUICK) as served:
        quick, slow = await served.peer(), await served.peer()
        assert await answer(quick, ALIVE) == "HTTP/1.1 200 OK"
        await slow.write(POST)
        assert not await slow.rest()
        # The deadline of the first request was before that one.
        await quick.write(ALIVE)
        assert b"HTTP/1.1 200 OK" in (await quick.head()).encode()


@pytest.mark.usefixtures("frozen_clock")
async def test_each_pipelined_request_has_its_own_deadline() -> None:
    async with serving(tuning=QUICK) as served:
        peer = await served.peer()
        assert await answer(peer, ALIVE + POST) == "HTTP/1.1 200 OK"
        assert b"HTTP/1.1" not in await peer.rest()


@pytest.mark.usefixtures("frozen_clock")
async def test_a_websocket_outlives_the_deadline_of_its_handshake() -> None:
    async with serving(tuning=QUICK, hello_seconds=0.3) as served:
        peer = await served.upgraded()
        assert await peer.closed() == 4503


async def test_sockets_above_the_limit_are_aborted_and_counted() -> None:
    async with serving(tuning=Tuning(spare_sockets=1), connections=1) as served:
        ann, other = await served.welcomed("ann"), await served.peer()
        assert await answer(other, ALIVE) == "HTTP/1.1 200 OK"
        dropped = await served.peer()
        assert not await dropped.rest()
        assert served.node.metrics.connections_closed.counts == {"4001": 1}
        assert served.node.metrics.sockets_aborted == 1
        other.disconnect()
        assert (await ann.ask("join", room="lobby"))["type"] == "joined"


@pytest.mark.parametrize(
    "first", [b"", Peer.handshake(), b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"], ids=["silent", "chat", "page"]
)
async def test_beyond_the_limit_of_sockets_only_health_and_metrics_are_answered(first: bytes) -> None:
    tuning = Tuning(spare_sockets=1, probe_sockets=1, probe_seconds=0.1)
    async with serving(tuning=tuning, connections=1) as served:
        ann, other = await served.welcomed("ann"), await served.peer()
        assert await answer(other, ALIVE) == "HTTP/1.1 200 OK"
        for path in ("/health/live", "/health/ready", "/metrics"):
            probe = await served.peer()
            await probe.write(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
            assert (await probe.rest()).startswith(b"HTTP/1.1 200 OK")
        excess = await served.peer()
        await excess.write(first)
        assert not await excess.rest()
        assert served.node.metrics.sockets_aborted == 1
        assert (await ann.ask("join", room="lobby"))["type"] == "joined"


async def test_a_full_node_closes_a_websocket_with_4001() -> None:
    async with serving(connections=1) as served:
        await served.joined("ann")
        rejected = await served.upgraded()
        assert await rejected.closed() == 4001
        await until(lambda: len(served.node.connections) == 1)


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready", "/metrics"])
async def test_head_is_answered_as_get_without_the_body(path: str) -> None:
    async with serving(tuning=QUICK) as served:
        get, head_only = [await served.peer() for _ in range(2)]
        await get.write(f"GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        await head_only.write(f"HEAD {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
        heads = [(await peer.head()).lower() for peer in (get, head_only)]
        assert all(head.startswith("http/1.1 200 ") for head in heads)
        assert [names(head) for head in heads] == [names(heads[0])] * 2
        assert "alt-svc" not in heads[0]
        assert await get.rest()
        assert await head_only.rest() == b""


def names(head: str) -> list[str]:
    """List the names of the fields of a head."""
    return [line.partition(":")[0] for line in head.strip().split("\r\n")[1:]]
