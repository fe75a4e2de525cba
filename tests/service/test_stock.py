"""The same chat on Sanic's stock websocket: for servers that run the app without the lean protocol."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import cast

import pytest
from sanic import Sanic
from sanic.server.async_server import AsyncioServer
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

from brokers.memory import Hub, MemoryBroker
from hubbub_protocol import Close
from service.app import make_app
from service.node import Node
from tests.service.framing import Frame, Op, frame
from tests.service.peer import Ended, Peer
from tests.service.serving import Served, quick, until


@pytest.fixture
async def stock(request: pytest.FixtureRequest, no_complaints: None) -> AsyncIterator[Served]:
    """Serve the app as Sanic would by itself; at the end nothing may be left of the test's clients."""
    assert no_complaints is None
    mark: pytest.Mark | None = request.node.get_closest_marker("settings")
    settings = quick(**(mark.kwargs if mark else {}))
    hub = Hub(settings.broker_options)
    async with Node(settings, MemoryBroker(settings.broker_options, hub)) as node:
        app, listener = make_app(node), socket.create_server(("127.0.0.1", 0))
        server = cast(
            AsyncioServer,
            await app.create_server(sock=listener, protocol=WebSocketProtocol, return_asyncio_server=True),
        )
        sockets = cast(asyncio.Server, server.server)
        await server.startup()  # type: ignore[no-untyped-call]
        await server.start_serving()  # type: ignore[no-untyped-call]
        served = Served(node, hub, listener.getsockname()[1])
        yield served
        await served.nothing_left()
        sockets.close()
        await until(lambda: not server.connections)
        Sanic.unregister_app(app)


async def test_two_clients_chat(stock: Served) -> None:
    (ann, _), (bob, joined) = await stock.joined("ann"), await stock.joined("bob")
    assert joined["members"]["names"] == ["ann", "bob"]
    sent = await ann.ask("send", room="lobby", text="hello")
    assert (sent["type"], sent["offset"]) == ("sent", 1)
    for text in ("two", "three"):
        await bob.command("send", room="lobby", text=text)
    assert [(await bob.event("message"))["text"] for _ in range(3)] == ["hello", "two", "three"]


async def test_who_comes_back_is_given_what_it_missed(stock: Served) -> None:
    ann, joined = await stock.joined("ann")
    since = {"epoch": joined["epoch"], "offset": joined["head"]}
    bob, _ = await stock.joined("bob")
    await ann.leave()
    for text in ("one", "two"):
        await bob.ask("send", room="lobby", text=text)
    _, joined = await stock.joined("ann", since=since)
    assert (joined["recovered"], [message["text"] for message in joined["messages"]]) == (
        True,
        ["one", "two"],
    )


async def test_the_plain_codec_is_spoken_without_a_subprotocol(stock: Served) -> None:
    peer = await stock.peer()
    head = await peer.upgrade(protocol=None)
    assert "sec-websocket-protocol" not in head.lower()
    await peer.text("hello")
    assert await peer.next_text() == '"hello"'


async def test_our_subprotocol_is_chosen_wherever_it_stands(stock: Served) -> None:
    peer = await stock.peer()
    head = await peer.upgrade(protocol="soap, hubbub.v1")
    assert "\r\nsec-websocket-protocol: hubbub.v1\r\n" in head.lower()
    assert (await peer.ask("hello"))["type"] == "welcome"


async def test_an_unknown_subprotocol_is_refused(stock: Served) -> None:
    with pytest.raises(Ended, match=r"HTTP/1\.1 400 "):
        await (await stock.peer()).upgrade(protocol="soap")


async def test_fragments_and_pings_are_the_stock_protocols_affair(stock: Served) -> None:
    peer = await stock.upgraded()
    await peer.write(frame('{"type": "hello",', fin=False) + frame(b"now?", Op.PING))
    await peer.write(frame(' "id": 3}', Op.CONT))
    frames = [await peer.frame(), await peer.frame()]
    assert Frame(Op.PONG, fin=True, data=b"now?") in frames
    assert {3} == {json.loads(found.data)["id"] for found in frames if found.op is Op.TEXT}


@pytest.mark.parametrize("go", [Peer.vanish, Peer.reset, Peer.say_no_more])
async def test_who_goes_without_a_word_is_gone(stock: Served, go: object) -> None:
    ann, _ = await stock.joined("ann")
    bob, _ = await stock.joined("bob")
    assert callable(go)
    go(bob)
    await until(lambda: len(stock.node.connections) == 1)
    assert (await ann.ask("who", room="lobby"))["names"] == ["ann"]


async def test_a_binary_frame_is_refused(stock: Served) -> None:
    peer = await stock.upgraded()
    await peer.write(frame(b"x", Op.BINARY))
    assert await peer.closed() == 1003


@pytest.mark.settings(hello_seconds=0.1)
async def test_who_says_no_hello_is_closed(stock: Served) -> None:
    assert await (await stock.upgraded()).closed() == 4503


@pytest.mark.settings(log_bytes=1 << 18, history_entries=100_000, history_bytes=1 << 30)
async def test_a_slow_reader_is_paused_and_caught_up(stock: Served) -> None:
    ann, _ = await stock.joined("ann")
    slow = await stock.welcomed("bob", receive_buffer=4096)
    await slow.ask("join", room="lobby")
    seen = list[int]()
    for first in range(1, 20_000, 1000):
        for number in range(first, first + 1000):
            payload = json.dumps({"key": "k", "user": "eve", "text": "x" * 400, "at": number})
            stock.publish("lobby", payload.encode())
        while len(seen) < first + 999:
            seen.append((await ann.event("message"))["offset"])
    assert stock.node.metrics.sample()["lagging_members"] == 1
    assert [(await slow.event("message"))["offset"] for _ in seen] == seen == list(range(1, 20_001))


async def test_the_end_of_the_node_is_told_with_1012(stock: Served) -> None:
    ann, _ = await stock.joined("ann")
    closing = asyncio.ensure_future(ann.closed())
    await stock.node.close_all(Close.RESTART, "the node restarts")
    assert await closing == 1012
