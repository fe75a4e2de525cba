"""Websocket handshakes and HTTP connections on one port (RFC 6455, 4)."""

from __future__ import annotations

import pytest

from service.settings.tuning import Tuning
from tests.service.framing import Op, close_frame, frame
from tests.service.peer import Ended, Peer
from tests.service.serving import Served, serving, until


async def test_the_handshake_of_the_rfc_is_accepted(served: Served) -> None:
    peer = await served.peer()
    head = await peer.upgrade()
    assert "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head
    assert "\r\nSec-WebSocket-Protocol: hubbub.v1\r\n" in head


async def test_the_handshake_of_the_tutorial_is_accepted(served: Served) -> None:
    peer = await served.peer()
    extensions = {"Sec-WebSocket-Extensions": "deflate-stream"}
    await peer.write(Peer.handshake(key="WIY4slX50bnnSF1GaedKhg==", protocol=None, headers=extensions))
    head = await peer.head()
    assert head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert "\r\nSec-WebSocket-Accept: HLsuiHpqiMRADWIpBmfKuNWkpHk=\r\n" in head
    assert "Sec-WebSocket-Extensions" not in head, "no supported extension was offered"


async def test_a_handshake_in_single_bytes_is_accepted(served: Served) -> None:
    peer = await served.peer()
    for byte in Peer.handshake():
        await peer.write(bytes([byte]))
    assert (await peer.head()).startswith("HTTP/1.1 101 ")


async def test_frames_in_the_packet_of_the_handshake_are_processed(served: Served) -> None:
    peer = await served.peer()
    await peer.upgrade(followed_by=frame('{"type": "hello", "id": 7}') + frame(b"early", Op.PING))
    assert (await peer.event("welcome"))["id"] == 7
    assert await peer.frame() == (Op.PONG, True, b"early")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Upgrade": "h2c"}, 426),
        ({"Connection": "keep-alive"}, 426),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Protocol": "soap"}, 400),
    ],
)
async def test_an_invalid_handshake_is_rejected(served: Served, change: dict[str, str], status: int) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(headers=change))
    assert (await peer.head()).startswith(f"HTTP/1.1 {status} ")


async def test_unknown_subprotocols_beside_hubbub_v1_are_ignored(served: Served) -> None:
    peer = await served.peer()
    head = await peer.upgrade(protocol="soap, hubbub.v1, hubbub.v9")
    assert "\r\nSec-WebSocket-Protocol: hubbub.v1\r\n" in head


@pytest.mark.settings(hello_seconds=0.1)
async def test_a_connection_without_hello_is_closed_with_4503(served: Served) -> None:
    peer = await served.upgraded()
    assert await peer.closed() == 4503


@pytest.mark.settings(hello_seconds=0.5)
@pytest.mark.tuning(sockets_per_address=1000)
async def test_a_thousand_silent_sockets_do_not_disturb_other_clients(served: Served) -> None:
    silent = [await served.peer() for _ in range(500)]
    upgraded = [await served.upgraded() for _ in range(500)]
    ann, _ = await served.joined("ann")
    bob, _ = await served.joined("bob")
    await ann.ask("send", room="lobby", text="hello")
    assert (await bob.event("message"))["text"] == "hello"
    assert {await peer.closed() for peer in upgraded} == {4503}
    await until(lambda: len(served.node.connections) == 2)
    for peer in silent:
        peer.disconnect()


async def test_a_socket_without_a_request_is_closed_in_time() -> None:
    async with serving(tuning=Tuning(request_seconds=0.05)) as served:
        peer = await served.peer()
        assert await peer.rest() == b""


async def test_an_idle_http_connection_is_closed_in_time(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await served.peer()
    monkeypatch.setattr("sanic.server.protocols.http_protocol.current_time", _fast_clock())
    await peer.write(b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n")
    assert await peer.rest()


def _fast_clock() -> object:
    """Make a clock on which every time limit is over."""
    ticks = iter(range(0, 1_000_000_000, 1_000))
    return lambda: next(ticks)


async def test_http_requests_and_websockets_share_the_port(served: Served) -> None:
    await served.joined("ann")
    peer = await served.peer()
    await peer.write(b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n")
    assert (await peer.head()).startswith("HTTP/1.1 200 ")


async def test_a_peer_that_disconnects_during_the_handshake_leaves_nothing(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake()[:40])
    peer.reset()


async def test_a_peer_that_disconnects_right_after_the_handshake_leaves_nothing(served: Served) -> None:
    for end in (Peer.reset, Peer.disconnect, Peer.half_close):
        peer = await served.peer()
        await peer.write(Peer.handshake() + frame('{"type": "hello", "id": 1, "name": "ann"}'))
        end(peer)


async def test_hello_join_and_close_in_one_packet_leave_nothing(served: Served) -> None:
    peer = await served.peer()
    hello, join = '{"type": "hello", "id": 1}', '{"type": "join", "id": 2, "room": "lobby"}'
    await peer.upgrade(followed_by=frame(hello) + frame(join) + close_frame(1000))
    assert (await peer.event("welcome"))["id"] == 1
    assert await peer.closed() == 1000


async def test_a_header_that_is_not_ascii_is_rejected(served: Served) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake().replace(b"Connection: ", b"Connection: \xf1\xe5"))
    assert (await peer.head()).startswith("HTTP/1.1 400 ")


async def test_an_unknown_route_is_rejected_with_404(served: Served) -> None:
    with pytest.raises(Ended, match=r"HTTP/1\.1 404 "):
        await (await served.peer()).upgrade("/no-such-route")
