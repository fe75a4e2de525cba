"""One connection's commands: bounds, backpressure, and unexpected errors."""

from __future__ import annotations

import asyncio
import json

import pytest

from brokers.base import Page, Receipt
from brokers.errors import Unavailable
from hubbub_protocol import Close, decode_command
from hubbub_protocol.commands import Command
from service.rooms.slices import PAGE_BYTES
from service.sessions import commands
from service.sessions.commands import MAX_IN_FLIGHT
from tests.service.framing import frame
from tests.service.peer import Peer
from tests.service.serving import Served, serving, until

WRONG = '{"type":"leave","id":1,"room":"wrong"}'


async def test_sends_in_flight_are_bounded_by_backpressure(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await served.joined("ann")
    in_flight: list[asyncio.Future[Receipt]] = []

    def publish(*_: object, **__: object) -> asyncio.Future[Receipt]:
        in_flight.append(asyncio.get_running_loop().create_future())
        return in_flight[-1]

    many = 1_000
    with monkeypatch.context() as patched:
        patched.setattr(served.node.broker, "publish", publish)
        await ann.write(frame(json.dumps({"type": "send", "id": 7, "room": "lobby", "text": "x"})) * many)
        [connection] = served.node.connections
        await until(lambda: connection.input_paused)
        assert len(in_flight) == MAX_IN_FLIGHT
    for future in in_flight:
        future.set_exception(Unavailable("the broker is unreachable"))
    await until(lambda: served.hub.head("lobby").offset == many - MAX_IN_FLIGHT)


@pytest.mark.settings(rooms_per_connection=2, linger_seconds=60)
async def test_joins_of_empty_rooms_are_rate_limited(served: Served) -> None:
    ann = await served.welcomed("ann")
    rejected = None
    for number in range(20):
        answer = await ann.ask("join", room=f"room {number}")
        if answer["type"] == "error":
            rejected = answer
            break
        await ann.ask("leave", room=f"room {number}")
    assert rejected is not None
    assert (rejected["code"], rejected["retry"]) == ("rate_limited", True)
    assert rejected["retry_after"] > 0
    await until(lambda: not served.node.rooms)


@pytest.fixture
def failing_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(text: str) -> Command:
        if "wrong" in text:
            raise RuntimeError("a planted error")
        return decode_command(text)

    monkeypatch.setattr(commands, "decode_command", decode)


async def closes_only(served: Served, peer: Peer) -> None:
    assert await peer.closed() == Close.INTERNAL
    ann, _ = await served.joined("ann")
    assert (await ann.ask("send", room="lobby", text="still here"))["type"] == "sent"


@pytest.mark.usefixtures("failing_decoder")
async def test_an_unexpected_error_in_new_input_closes_only_its_connection() -> None:
    async with serving() as served:
        peer = await served.welcomed("bob")
        await peer.write(frame(WRONG))
        await closes_only(served, peer)


@pytest.mark.usefixtures("failing_decoder")
async def test_an_unexpected_error_in_queued_input_closes_only_its_connection() -> None:
    async with serving() as served:
        peer = await served.welcomed("bob")
        join = frame('{"type":"join","id":2,"room":"lobby","limit":0}')
        await peer.write(join * 500 + frame(WRONG))
        await closes_only(served, peer)


@pytest.mark.settings(commands_per_second=10.0, commands_burst=10, sends_per_second=10.0, sends_burst=10)
async def test_a_page_of_large_messages_costs_tokens_for_its_bytes(served: Served) -> None:
    large = b'{"key":"k","user":"bob","text":"%b","at":0}' % (b"x" * 16_000)
    for _ in range(100):
        served.publish("lobby", large)
    ann, _ = await served.joined("ann", limit=0)
    assert served.node.metrics.input_throttled == 0
    page = await ann.ask("history", room="lobby", before=1000, limit=100)
    assert len(page["messages"]) == PAGE_BYTES // len(large)
    assert served.node.metrics.input_throttled == 1


async def test_one_page_of_the_guests_of_an_address_is_made_at_a_time(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, _ = await served.joined("ann")
    bob, _ = await served.joined("bob")
    began, go_on = list[str](), asyncio.Event()
    history = served.node.broker.history

    async def slow(room: str, **place: int) -> Page:
        began.append(room)
        await go_on.wait()
        return await history(room, **place)

    monkeypatch.setattr(served.node.broker, "history", slow)
    [scope] = {f"address:{connection.address}" for connection in served.node.connections}
    for peer in (ann, bob):
        await peer.command("history", room="lobby", before=9, limit=1)
    await until(lambda: served.node.page_turns.callers(scope) == 2)
    assert began == ["lobby"]
    go_on.set()
    for peer in (ann, bob):
        await peer.event("page")
    assert began == ["lobby", "lobby"]
