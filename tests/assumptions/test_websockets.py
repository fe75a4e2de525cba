"""websockets: its sans-I/O protocol, from the middle of a connection, and the parts of its handshake."""

from __future__ import annotations

import gc
import weakref

from tests.assumptions.claims import assumes
from tests.assumptions.places import FRAME_PARSER, FULL_PROTOCOL, UPGRADE, UPGRADE_IN_FULL

# "hi" from a client, masked with four zeros, and a ping of the same kind.
TEXT = b"\x81\x82\x00\x00\x00\x00hi"
PING = b"\x89\x80\x00\x00\x00\x00"


@assumes(
    "websockets",
    "frames.apply_mask",
    where=FRAME_PARSER,
    breaks="no message of a client can be read",
)
def test_apply_mask_takes_slices_of_a_bytearray_and_gives_bytes() -> None:
    """`frames.apply_mask(data, mask)` takes slices of a bytearray and returns bytes."""
    from websockets.frames import apply_mask

    whole = bytearray(b"\x01\x02\x03\x04ihkfn")
    masked = apply_mask(whole[4:], whole[:4])
    assert isinstance(masked, bytes)
    assert masked == bytes(byte ^ whole[place % 4] for place, byte in enumerate(whole[4:]))


@assumes(
    "websockets",
    "ServerProtocol(state=OPEN)",
    "ServerProtocol.events_received",
    where=FULL_PROTOCOL,
    breaks="a connection with one unusual frame is read no further",
)
def test_a_protocol_may_begin_with_the_frames_of_an_open_connection() -> None:
    """A `ServerProtocol` made in the state OPEN reads frames at once, without a handshake, and gives out
    those that are whole.
    """
    from websockets.frames import Opcode
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(max_size=100, state=State.OPEN)
    protocol.receive_data(TEXT + TEXT[:3])
    [frame] = protocol.events_received()
    assert (frame.opcode, bytes(frame.data), frame.fin) == (Opcode.TEXT, b"hi", True)  # type: ignore[union-attr]
    protocol.receive_data(TEXT[3:])
    assert len(protocol.events_received()) == 1


@assumes(
    "websockets",
    "ServerProtocol.data_to_send",
    where=FULL_PROTOCOL,
    breaks="clients that ping are taken for dead",
)
def test_a_ping_is_answered_by_the_protocol() -> None:
    """A ping puts its pong into `data_to_send`."""
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(state=State.OPEN)
    protocol.receive_data(PING)
    assert protocol.data_to_send() == [b"\x8a\x00"]


@assumes(
    "websockets",
    "ServerProtocol.send_close",
    "ServerProtocol.close_sent",
    "ServerProtocol.close_rcvd",
    "ServerProtocol.data_to_send",
    where=FULL_PROTOCOL,
    breaks="our close codes raise, TCP connections stay open, or the metrics count wrong codes",
)
def test_a_close_has_any_code_and_ends_in_an_empty_piece() -> None:
    """`send_close` takes codes above 4000; `close_sent` and `close_rcvd` hold the codes, and after both, or
    after `receive_eof`, `data_to_send` gives b"" for the end of the TCP connection.
    """
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(state=State.OPEN)
    assert (protocol.close_sent, protocol.close_rcvd) == (None, None)
    protocol.send_close(4503, "later")
    assert protocol.data_to_send() == [b"\x88\x07" + (4503).to_bytes(2) + b"later"]
    protocol.receive_data(b"\x88\x82\x00\x00\x00\x00" + (4503).to_bytes(2))
    assert protocol.data_to_send() == [b""]
    assert protocol.close_sent is not None
    assert protocol.close_rcvd is not None
    assert (protocol.close_sent.code, protocol.close_rcvd.code) == (4503, 4503)
    cut = ServerProtocol(state=State.OPEN)
    cut.receive_eof()
    assert cut.data_to_send()[-1] == b""


@assumes(
    "websockets",
    "ServerProtocol.fail",
    "ServerProtocol(max_size)",
    where=FULL_PROTOCOL,
    breaks="large or malformed input is taken, or answered with another code",
)
def test_faults_end_a_connection_with_the_code_of_the_rfc() -> None:
    """`fail` sends a close with its code, and a message above `max_size` fails with 1009."""
    from websockets.frames import CloseCode
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(state=State.OPEN)
    protocol.fail(CloseCode.UNSUPPORTED_DATA, "text only")
    assert protocol.data_to_send()[0][2:4] == (1003).to_bytes(2)
    small = ServerProtocol(max_size=1, state=State.OPEN)
    small.receive_data(TEXT)
    assert small.data_to_send()[0][2:4] == (1009).to_bytes(2)


@assumes(
    "websockets",
    "ServerProtocol.parser",
    "ServerProtocol.parser_exc",
    where=FULL_PROTOCOL,
    breaks="closed connections stay in memory until the garbage collector's full pass",
)
def test_a_protocol_is_freed_at_once_if_its_parser_is_closed_and_its_error_is_dropped() -> None:
    """`parser` (a generator) and `parser_exc` are all that refers back to a protocol."""
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    gc.disable()
    try:
        protocol = ServerProtocol(max_size=1, state=State.OPEN)
        protocol.receive_data(TEXT)
        protocol.events_received()
        assert protocol.parser_exc is not None
        gone = weakref.ref(protocol)
        protocol.parser.close()
        protocol.parser_exc = None
        del protocol
        assert gone() is None
    finally:
        gc.enable()


@assumes(
    "websockets",
    "utils.accept_key",
    where=UPGRADE,
    breaks="every client refuses our answer to its upgrade",
)
def test_accept_key_is_that_of_the_rfc() -> None:
    """`utils.accept_key` makes Sec-WebSocket-Accept from Sec-WebSocket-Key (RFC 6455, 1.3)."""
    from websockets.utils import accept_key

    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@assumes(
    "websockets",
    "ServerProtocol.accept",
    "ServerProtocol.available_subprotocols",
    "ServerProtocol(select_subprotocol)",
    where=UPGRADE_IN_FULL,
    breaks="upgrades by other tools than ours fail, or unknown subprotocols are taken",
)
def test_accept_judges_a_request_and_asks_select_subprotocol() -> None:
    """`accept(Request)` returns a `Response` with status, reason, headers and body, after it asked
    `select_subprotocol(protocol, offered)`, whose NegotiationError is a 400.
    """
    from websockets.datastructures import Headers
    from websockets.exceptions import NegotiationError
    from websockets.http11 import Request
    from websockets.protocol import State
    from websockets.server import ServerProtocol
    from websockets.typing import Subprotocol

    def select(protocol: ServerProtocol, offered: object) -> Subprotocol | None:
        assert protocol.available_subprotocols == ["known"]
        if offered == ["known"]:
            return Subprotocol("known")
        raise NegotiationError("another")

    def ask(offered: str, key: str = "dGhlIHNhbXBsZSBub25jZQ==") -> tuple[int, str, dict[str, str], str]:
        protocol = ServerProtocol(
            subprotocols=[Subprotocol("known")], state=State.OPEN, select_subprotocol=select
        )
        headers = Headers(
            {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": key, "Sec-WebSocket-Protocol": offered}
        )  # fmt: skip
        response = protocol.accept(Request("/ws", headers))
        fields = {name.lower(): value for name, value in response.headers.raw_items()}
        return response.status_code, response.reason_phrase, fields, (response.body or b"").decode()

    status, reason, fields, _ = ask("known")
    assert (status, reason) == (101, "Switching Protocols")
    assert fields["sec-websocket-protocol"] == "known"
    assert ask("other")[0] == 400
    status, _, _, body = ask("known", key="no key")
    assert status == 400
    assert "Sec-WebSocket-Key" in body


@assumes(
    "websockets",
    "datastructures.Headers",
    "exceptions.InvalidHeader.name",
    where=UPGRADE_IN_FULL,
    breaks="a header with bytes that none may hold is answered as our own fault",
)
def test_headers_refuse_bytes_that_no_header_may_hold() -> None:
    """`Headers` is made of Sanic's headers, and raises `InvalidHeader` with the `name` of a bad one."""
    import pytest
    from sanic.compat import Header
    from websockets.datastructures import Headers
    from websockets.exceptions import InvalidHeader

    assert Headers(Header([("connection", "a")]))["Connection"] == "a"
    with pytest.raises(InvalidHeader) as caught:
        Headers(Header([("cookie", "a\x00b")]))
    assert caught.value.name == "cookie"
