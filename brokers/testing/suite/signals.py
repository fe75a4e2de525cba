"""P11 signals."""

from __future__ import annotations

from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode


@promise("P11")
async def test_a_signal_reaches_both_nodes_once(pair: tuple[BrokerNode, BrokerNode]) -> None:
    for node in pair:
        await node.broker.subscribe("room")
    signals = [("room", b"%d" % number) for number in range(100)]
    for room, payload in signals:
        pair[0].broker.emit(room, payload)
    for node in pair:
        await node.received.until(lambda received: len(received.signals) >= len(signals))
        await node.broker.probe()
        assert sorted(node.received.signals) == sorted(signals)


@promise("P11")
async def test_a_signal_is_stored_nowhere(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    [before] = await here.send("room", b"entry")
    here.broker.emit("room", b"signal")
    await there.received.until(lambda received: bool(received.signals))
    assert (await there.broker.heads(["room"]))["room"].offset == before.offset
    assert [entry.payload for entry in await there.full_history("room")] == [b"entry"]
    assert there.received.payloads("room") == [b"entry"]


@promise("P11")
async def test_a_signal_to_an_unknown_room_creates_no_room(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    here.broker.emit("unknown", b"unheard")
    here.broker.emit("room", b"received")
    await there.received.until(lambda received: bool(received.signals))
    assert there.received.signals == [("room", b"received")]
    assert (await here.broker.heads(["unknown"]))["unknown"].offset == 0


@promise("P11")
async def test_signals_can_be_empty_large_and_not_utf8(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    payloads = [b"", b"\xff\xfe\x00", b"x" * 100_000]
    for payload in payloads:
        here.broker.emit("room", payload)
    await there.received.until(lambda received: len(received.signals) == 3)
    assert sorted(payload for _, payload in there.received.signals) == sorted(payloads)
