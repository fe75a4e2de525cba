"""Sanic's stock websocket, for as long as `STOCK` and `STOCK_OFFER` are there: delete this with them."""

from __future__ import annotations

import asyncio

from tests.assumptions.claims import assumes
from tests.assumptions.places import STOCK, STOCK_OFFER
from tests.assumptions.sanic_stage import UPGRADE, stage


@assumes(
    "sanic",
    "SanicProtocol._can_write",
    "WebsocketImplProtocol.io_proto",
    "WebsocketImplProtocol.ws_proto",
    where=(STOCK, STOCK_OFFER),
    breaks="a slow client of the stock protocol is never resumed, or a plain client is refused",
)
async def test_the_stock_websocket_shows_its_protocol_and_lists_the_subprotocols_of_each_request() -> None:
    """`io_proto._can_write` is an event that is set while the transport takes more, and the subprotocols of a
    route are iterated anew for each handshake.
    """
    from sanic.server.protocols.websocket_protocol import WebSocketProtocol

    seen = asyncio.Event()

    async def chat(request: object, websocket: object) -> None:
        protocol = websocket.io_proto
        assert isinstance(protocol, WebSocketProtocol)
        assert isinstance(protocol._can_write, asyncio.Event)
        assert protocol._can_write.is_set()
        protocol.pause_writing()
        assert not protocol._can_write.is_set()
        protocol.resume_writing()
        assert websocket.ws_proto.close_rcvd is None
        seen.set()

    async with stage(WebSocketProtocol, chat) as on:
        _, writer = await on.dial(UPGRADE)
        await seen.wait()
        writer.close()
