"""Frames on an upgraded connection: RFC 6455, 5 to 7, and the close codes that the client receives."""

from __future__ import annotations

import asyncio
import json
from typing import Final

import pytest

from tests.service.framing import Frame, Op, close_frame, frame
from tests.service.peer import Peer
from tests.service.serving import Served, until

HELLO: Final = '{"type": "hello", "id": 1, "name": "änn"}'


def halves(text: str, place: int, *between: bytes) -> bytes:
    """Write a text in two fragments, with other frames between them."""
    data = text.encode()
    return b"".join([frame(data[:place], fin=False), *between, frame(data[place:], Op.CONT)])


async def write_until_reset(peer: Peer) -> None:
    while True:
        await peer.write(frame(b"still here?", Op.PING))
        await asyncio.sleep(0)


# Fragments and control frames --------------------------------------------------------------------


async def test_fragments_are_joined(served: Served) -> None:
    peer = await served.upgraded()
    data = HELLO.encode()
    fragments = [
        frame(data[:1], fin=False),
        *(frame(data[at : at + 1], Op.CONT, fin=False) for at in range(1, len(data))),
    ]
    await peer.write(b"".join([*fragments, frame(b"", Op.CONT)]))
    assert (await peer.event("welcome"))["user"] == "änn"


async def test_control_frames_between_fragments_are_allowed(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(halves(HELLO, 9, frame(b"now?", Op.PING), frame(b"unasked", Op.PONG)))
    # In one packet the response to the text may come first.
    welcome, pong = sorted([await peer.frame(), await peer.frame()])
    assert pong == Frame(Op.PONG, fin=True, data=b"now?")
    assert json.loads(welcome.data)["user"] == "änn"


async def test_a_text_may_be_split_within_a_character(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(halves(HELLO, HELLO.index("ä") + 1))
    assert (await peer.event("welcome"))["user"] == "änn"


async def test_frames_in_single_bytes_are_processed(served: Served) -> None:
    peer = await served.upgraded()
    for byte in frame(b"slow", Op.PING) + halves(HELLO, 20):
        await peer.write(bytes([byte]))
    assert await peer.frame() == Frame(Op.PONG, fin=True, data=b"slow")
    assert (await peer.event("welcome"))["user"] == "änn"


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(125))], ids=len)
async def test_a_ping_is_answered_with_its_own_data(served: Served, data: bytes) -> None:
    peer = await served.upgraded()
    await peer.write(frame(data, Op.PING))
    assert await peer.frame() == Frame(Op.PONG, fin=True, data=data)


async def test_many_pings_at_once_are_answered_in_order(served: Served) -> None:
    peer = await served.upgraded()
    expected = [f"{number}".encode() for number in range(200)]
    await peer.write(b"".join(frame(data, Op.PING) for data in expected))
    assert [(await peer.frame()).data for _ in expected] == expected


async def test_fragments_without_data_take_no_memory(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(frame(b"", fin=False) + frame(b"", Op.CONT, fin=False) * 20_000)
    await peer.write(frame(HELLO, Op.CONT))
    assert (await peer.event("welcome"))["user"] == "änn"


# Closing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [None, 1000, 1001, 1008, 3000, 4200, 4999])
async def test_a_close_is_answered_with_its_own_code(served: Served, code: int | None) -> None:
    peer = await served.upgraded()
    await peer.write(close_frame(code))
    assert await peer.frame() == Frame(Op.CLOSE, fin=True, data=b"" if code is None else code.to_bytes(2))
    assert await peer.rest() == b""
    await until(lambda: not served.node.connections)
    assert served.node.metrics.connections_closed.counts == {str(code or 1005): 1}


async def test_input_after_a_close_frame_is_ignored(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(close_frame(1000) + frame(HELLO) + frame(b"late", Op.PING))
    assert await peer.closed() == 1000
    assert not served.node.user_names


async def test_a_text_right_before_a_close_is_not_lost(served: Served) -> None:
    ann, bob = await served.plain(), (await served.joined("bob"))[0]
    for peer, text in (ann, "bye"), (bob, '{"type": "send", "id": 9, "room": "lobby", "text": "bye"}'):
        await peer.write(frame(text) + close_frame(1000))
        assert await peer.closed() == 1000
    await until(lambda: served.hub.head("lobby").offset == 2)


async def test_a_plain_text_in_the_packet_of_the_handshake_survives_a_disconnect(
    served: Served,
) -> None:
    peer = await served.peer()
    await peer.write(Peer.handshake(protocol=None) + frame("hello"))
    peer.disconnect()
    await until(lambda: served.hub.head("lobby").offset == 1)


async def test_the_server_never_closes_with_1000(served: Served) -> None:
    codes = []
    for violation in (frame(b"x", Op.BINARY), frame(b"\xff"), frame(b"x", 3), frame("x", reserved=4)):
        peer = await served.upgraded()
        await peer.write(violation)
        codes.append(await peer.closed())
    assert codes == [1003, 1007, 1002, 1002]


async def test_a_peer_that_does_not_answer_a_close_is_aborted_in_time(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(frame(b"x", Op.BINARY))
    assert await peer.closed() == 1003
    await until(lambda: not served.node.connections)
    # Our end is still open; the server aborts its end within HUBBUB_CLOSE_SECONDS.
    with pytest.raises(ConnectionError):
        await write_until_reset(peer)


async def test_a_half_closed_connection_is_closed_with_1006(served: Served) -> None:
    peer, _ = await served.joined("ann")
    peer.half_close()
    assert await peer.closed() == 1006
    await until(lambda: served.node.metrics.connections_closed.counts == {"1006": 1})


async def test_a_reset_connection_is_removed_with_1006(served: Served) -> None:
    peer, _ = await served.joined("ann")
    peer.reset()
    await until(lambda: served.node.metrics.connections_closed.counts == {"1006": 1})


# Violations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reserved", [1, 2, 4, 7])
async def test_reserved_bits_are_rejected(served: Served, reserved: int) -> None:
    peer = await served.upgraded()
    await peer.write(frame(HELLO, reserved=reserved))
    assert await peer.closed() == 1002


@pytest.mark.parametrize("op", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
async def test_reserved_opcodes_are_rejected(served: Served, op: int) -> None:
    peer = await served.upgraded()
    await peer.write(frame(HELLO, op))
    assert await peer.closed() == 1002


@pytest.mark.parametrize(
    "violation",
    [
        pytest.param(frame(HELLO, masked=False), id="not masked"),
        pytest.param(frame(HELLO, Op.CONT), id="a continuation of nothing"),
        pytest.param(frame("a", fin=False) + frame(HELLO), id="a text within a text"),
        pytest.param(frame("a", fin=False) + close_frame(), id="a close within a text"),
        pytest.param(frame(b"x", Op.PING, fin=False), id="a ping in fragments"),
        pytest.param(frame(bytes(126), Op.PING), id="a ping that is too long"),
        pytest.param(frame(b"\x03", Op.CLOSE), id="a close with half a code"),
        pytest.param(close_frame(999), id="a close with a code that is none"),
        pytest.param(close_frame(1005), id="a close with a code that must not be sent"),
        pytest.param(frame(b"", size=1 << 63), id="a length of 64 bits"),
    ],
)
async def test_protocol_violations_are_rejected(served: Served, violation: bytes) -> None:
    peer = await served.upgraded()
    await peer.write(violation)
    assert await peer.closed() in {1002, 1009}
    assert not served.node.user_names


@pytest.mark.parametrize(
    "violation",
    [
        pytest.param(frame(b"caf\xe9"), id="in one frame"),
        pytest.param(frame(b"\xed\xa0\x80"), id="a surrogate"),
        pytest.param(frame(b"\xf0\x9f", fin=False) + frame(b"\x98", Op.CONT), id="cut off, in fragments"),
        pytest.param(frame(b"\xc3", fin=False) + frame(b"(", Op.CONT), id="broken between fragments"),
        pytest.param(frame(b"\x03\xe8\xff", Op.CLOSE), id="in a close's reason"),
    ],
)
async def test_text_that_is_not_utf_8_is_rejected(served: Served, violation: bytes) -> None:
    peer = await served.upgraded()
    await peer.write(violation)
    assert await peer.closed() == 1007


async def test_a_binary_frame_is_rejected_and_later_input_is_ignored(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(frame(b"x", Op.BINARY) + frame(HELLO))
    assert await peer.closed() == 1003
    fragments = await served.upgraded()
    await fragments.write(frame(b"x", Op.BINARY, fin=False) + frame(HELLO, Op.CONT))
    assert await fragments.closed() == 1003
    assert not served.node.user_names


@pytest.mark.settings(frame_bytes=4096, text_characters=100)
async def test_a_frame_that_is_too_large_is_rejected_and_the_client_reads_the_close_code(
    served: Served,
) -> None:
    peer = await served.upgraded()
    # More than fits into the sockets' buffers: the rest arrives after the server has closed.
    writing = asyncio.ensure_future(peer.write(frame(bytes(16 << 20))))
    assert await peer.closed() == 1009
    writing.cancel()
    await asyncio.wait([writing])


@pytest.mark.settings(frame_bytes=4096, text_characters=100)
async def test_fragments_that_are_too_large_together_are_rejected(served: Served) -> None:
    peer = await served.upgraded()
    await peer.write(frame(bytes(1000), fin=False))
    for _ in range(4):
        await peer.write(frame(bytes(1000), Op.CONT, fin=False))
    assert await peer.closed() == 1009


@pytest.mark.settings(frame_bytes=4096, text_characters=100)
async def test_a_frame_of_exactly_the_allowed_size_is_accepted(served: Served) -> None:
    peer = await served.upgraded()
    await peer.text(HELLO.ljust(4096 - 1))
    assert (await peer.event("welcome"))["user"] == "änn"
