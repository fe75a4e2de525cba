"""P13 bytes."""

from __future__ import annotations

from typing import Final

import pytest

from brokers.testing.backbone import Backbone
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode

PAYLOADS: Final = {
    "empty": b"",
    "nul": b"\x00",
    "every byte": bytes(range(256)),
    "not utf-8": b"\xff\xfe\xc3\x28",
    "line ends": b"\r\n+OK\r\n$-1\r\nMSG a 1 0\r\n",
    "emoji": "🎈".encode(),
}


@promise("P13")
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_a_payload_is_returned_unchanged(pair: tuple[BrokerNode, BrokerNode], payload: bytes) -> None:
    here, there = pair
    await there.broker.subscribe("room")
    await here.send("room", payload)
    await there.received.count(1)
    assert there.received.payloads("room") == [payload]
    assert [entry.payload for entry in await there.full_history("room")] == [payload]


@promise("P13")
async def test_the_largest_payload_is_returned_unchanged(
    backbone: Backbone, pair: tuple[BrokerNode, BrokerNode]
) -> None:
    here, there = pair
    payload = bytes(range(256)) * (backbone.abilities.largest_payload // 256)
    await there.broker.subscribe("room")
    await here.send("room", payload, b"after")
    await there.received.count(2)
    assert there.received.payloads("room") == [payload, b"after"]
    assert [entry.payload for entry in await there.full_history("room")] == [payload, b"after"]
