"""One connection gets a bounded share of a turn of the loop, and a bounded number of frames a second."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import pytest

from service.rooms.registry import RoomRegistry
from service.rooms.room import Room
from service.transport.full_protocol import FullProtocol
from service.transport.websocket import WebSocket
from tests.service.framing import Op, frame
from tests.service.peer import Peer
from tests.service.serving import Served, until

COUNT: Final = 400
# Frames of each kind, after `hello` and `join`.
KINDS: Final = {
    "pings": frame(b"", Op.PING),
    "pongs": frame(b"", Op.PONG),
    "leave": frame('{"type":"leave","id":1,"room":"lobby"}'),
    "invalid": frame("x"),
    "fragments": frame(b"x", Op.CONT, fin=False),
    "large": frame("x" * 5000),
    "history": frame('{"type":"history","id":1,"room":"lobby","before":9,"limit":1}'),
}
# Limits that the tests reach quickly.
SLOW: Final = {
    "commands_per_second": 100.0,
    "commands_burst": 50,
    "sends_per_second": 1.0,
    "sends_burst": 1,
    "flood_seconds": 60.0,
}


class TurnsSeen:
    """Counts the frames of each turn of the loop."""

    def __init__(self) -> None:
        self.counts: list[int] = [0]
        self._seen = False

    def count(self) -> None:
        if not self._seen:
            self._seen = True
            asyncio.get_running_loop().call_soon(self._next)
        self.counts[-1] += 1

    def _next(self) -> None:
        self._seen = False
        self.counts.append(0)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> TurnsSeen:
    seen, process = TurnsSeen(), WebSocket._process_frame  # noqa: SLF001 - what is counted

    def counted(websocket: WebSocket, *args: object) -> int | None:
        seen.count()
        return process(websocket, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(WebSocket, "_process_frame", counted)
    return seen


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_processes_its_share_in_a_turn_whatever_the_frames_are(
    served: Served, turns: TurnsSeen, kind: str
) -> None:
    peer, _ = await served.joined("ann")
    if kind == "fragments":
        await peer.write(frame(b"x", fin=False))
    turns.counts[:] = [0]
    await peer.write(KINDS[kind] * COUNT)
    await until(lambda: sum(turns.counts) >= COUNT * 0.9 or not served.node.connections)
    tuning = served.node.tuning
    # A turn may have the share of data that just arrived, and that of a connection that waited.
    assert max(turns.counts) <= 2 * tuning.input_frames


async def test_a_share_ends_when_its_time_is_over(served: Served, turns: TurnsSeen) -> None:
    peer, _ = await served.joined("ann")
    served.node.turns.seconds = 0.0
    turns.counts[:] = [0]
    await peer.write(KINDS["invalid"] * 10)
    await until(lambda: sum(turns.counts) >= 10)
    # The frame that just arrived, and one of a share.
    assert max(turns.counts) <= 2


async def test_large_frames_of_all_connections_share_the_turns_of_the_loop(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = [(await served.joined(f"u{number}"))[0] for number in range(20)]
    seen, receive = TurnsSeen(), FullProtocol.receive

    def counted(full: FullProtocol, data: bytes, on_text: Callable[[str], None]) -> None:
        seen.count()
        receive(full, data, on_text)

    monkeypatch.setattr(FullProtocol, "receive", counted)
    for peer in peers:
        await peer.write(KINDS["large"])
    for peer in peers:
        assert (await peer.event("error"))["code"] == "malformed"
    assert sum(seen.counts) >= 20
    assert max(seen.counts) <= served.node.tuning.input_shares


async def test_queued_commands_of_all_connections_share_the_turns_of_the_loop(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, process = TurnsSeen(), RoomRegistry.open

    def counted(registry: RoomRegistry, name: str) -> AbstractAsyncContextManager[Room]:
        seen.count()
        return process(registry, name)

    monkeypatch.setattr(RoomRegistry, "open", counted)
    peers = [await served.welcomed(f"u{number}") for number in range(20)]
    for peer in peers:
        joins = [f'{{"type":"join","id":{number},"room":"{id(peer)} {number}"}}' for number in range(10)]
        await peer.write(b"".join(map(frame, joins)))
    for peer in peers:
        for _ in range(10):
            await peer.event("joined")
    # The first one of each connection may begin at once, with the data that just arrived.
    assert sum(sorted(seen.counts)[:-20]) > 100
    assert max(sorted(seen.counts)[:-20]) <= 2 * served.node.tuning.input_shares


async def test_a_waiting_connection_is_served_after_the_others(served: Served) -> None:
    flood, _ = await served.joined("flood")
    ann, _ = await served.joined("ann")
    answers: list[str] = []

    async def read(peer: Peer, name: str, count: int) -> None:
        for _ in range(count):
            while (await peer.frame()).op is not Op.PONG:
                pass
            answers.append(name)

    await flood.write(frame(b"", Op.PING) * 5000)
    await ann.write(frame(b"", Op.PING))
    await asyncio.gather(read(flood, "flood", 5000), read(ann, "ann", 1))
    assert answers.index("ann") < 4000


@pytest.mark.settings(**SLOW)
async def test_a_connection_above_its_rate_is_read_more_slowly_and_nothing_is_lost(served: Served) -> None:
    peer, _ = await served.joined("ann")
    started = asyncio.get_running_loop().time()
    await peer.write(frame(b"", Op.PING) * 100)
    for _ in range(100):
        while (await peer.frame()).op is not Op.PONG:
            pass
    assert asyncio.get_running_loop().time() - started > 0.3
    assert served.node.metrics.input_throttled > 0
    assert served.node.metrics.connections_closed.counts == {}


@pytest.mark.settings(**SLOW)
async def test_a_throttled_connection_counts_as_alive(served: Served) -> None:
    peer, _ = await served.joined("ann")
    await peer.write(frame(b"", Op.PONG) * 200)
    (connection,) = served.node.connections
    await until(lambda: connection.throttled)
    assert not connection.accepts_input
    assert not connection.closing


@pytest.mark.settings(**SLOW | {"flood_seconds": 0.5, "commands_per_second": 20.0})
@pytest.mark.parametrize("kind", ["pings", "pongs", "leave", "fragments", "history"])
async def test_a_connection_that_floods_for_too_long_is_closed_with_4003(served: Served, kind: str) -> None:
    peer, _ = await served.joined("ann")
    if kind == "fragments":
        await peer.write(frame(b"x", fin=False))
    writing = asyncio.ensure_future(peer.write(KINDS[kind] * 2_000))
    assert await peer.closed() == 4003
    writing.cancel()
    await asyncio.wait([writing])
    await until(lambda: not served.node.connections)
    assert served.node.metrics.connections_closed.counts == {"4003": 1}


@pytest.mark.settings(commands_per_second=1.0, commands_burst=500, sends_per_second=1.0, sends_burst=1)
async def test_a_client_that_joins_100_rooms_at_its_start_is_not_slowed_down(served: Served) -> None:
    peer = await served.welcomed("ann")
    for number in range(100):
        fields = {"type": "join", "id": number, "room": f"room-{number}"}
        await peer.text(json.dumps(fields))
    for _ in range(100):
        await peer.event("joined")
    for number in range(20):
        assert (await peer.ask("history", room=f"room-{number}", before=9))["type"] == "page"
        assert (await peer.ask("who", room=f"room-{number}"))["type"] == "members"
    assert served.node.metrics.input_throttled == 0


async def test_all_frames_before_a_disconnect_are_processed(served: Served) -> None:
    peer = await served.plain()
    await peer.write(frame("x") * 50)
    peer.disconnect()
    await until(lambda: served.hub.head("lobby").offset == 50)


@pytest.mark.settings(**SLOW)
async def test_a_long_page_costs_more_than_a_short_one(served: Served) -> None:
    peer, _ = await served.joined("ann")
    for _ in range(20):
        await peer.ask("history", room="lobby", before=9, limit=1)
    assert served.node.metrics.input_throttled == 0
    for _ in range(20):
        await peer.ask("history", room="lobby", before=9, limit=200)
    assert served.node.metrics.input_throttled > 0


@pytest.mark.settings(**SLOW | {"commands_burst": 100, "commands_per_second": 0.1})
async def test_a_refused_command_costs_more_than_others(served: Served) -> None:
    peer, _ = await served.joined("ann")
    for _ in range(40):
        assert (await peer.ask("leave", room="elsewhere"))["type"] == "left"
    assert served.node.metrics.input_throttled == 0
    for _ in range(20):
        assert (await peer.ask("send", room="elsewhere", text="x"))["code"] == "not_joined"
    await until(lambda: served.node.metrics.input_throttled == 1)


@pytest.mark.settings(**SLOW | {"commands_burst": 100, "commands_per_second": 0.1})
async def test_a_change_of_away_costs_more_than_a_repetition(served: Served) -> None:
    peer, _ = await served.joined("ann")
    for _ in range(40):
        assert (await peer.ask("away", away=False))["away"] is False
    assert served.node.metrics.input_throttled == 0
    for turn in range(20):
        await peer.ask("away", away=turn % 2 == 0)
        if served.node.metrics.input_throttled:
            break
    assert served.node.metrics.input_throttled == 1


async def test_input_that_arrives_before_the_session_is_attached_is_read_later(served: Served) -> None:
    peer = await served.peer()
    pongs = frame(b"", Op.PONG) * 12_000
    hello = frame('{"type": "hello", "id": 1, "name": "ann"}')
    await peer.write(Peer.handshake() + hello + pongs)
    await peer.head()
    assert (await peer.event("welcome"))["user"] == "ann"
    peer.reset()
    await until(lambda: not served.node.connections)


async def test_tiny_fragments_take_no_more_memory_than_their_bytes(served: Served) -> None:
    peer, _ = await served.joined("ann")
    await peer.write(frame(b"{ ", fin=False))
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(10):
            await peer.write(frame(b"  ", Op.CONT, fin=False) * 1000)
        await peer.write(frame(b"now?", Op.PING))
        while (await peer.frame()).op is not Op.PONG:
            pass
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 130_000  # 10,000 objects would be 330 kB at least
