"""P12 names."""

from __future__ import annotations

from typing import Final

import pytest

from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode

NAMES: Final = {
    "empty": "",
    "star": "*",
    "greater": ">",
    "dot": ".",
    "dots": "..",
    "dotted": "a.b",
    "dotted pattern": "a.*",
    "dotted tail": "a.>",
    "glob": "[a-z]?",
    "hash tag": "{x}",
    "slash": "../a/b",
    "percent": "%61",
    "colon": "a:b",
    "dollar": "$SYS.>",
    "space": " ",
    "spaces": " a  b ",
    "tab": "a\tb",
    "newline": "a\r\nb",
    "nul": "a\x00b",
    "emoji": "👩‍👩‍👧‍👦",
    "right to left": "\u202eroom",
    "composed": "\u00e9",
    "decomposed": "e\u0301",
    "upper": "ROOM",
    "lower": "room",
    "longer": "rooms",
    "shorter": "roo",
    "quote": "'\"\\",
    "200 bytes": "x" * 200,
    "199 bytes": "x" * 199,
    "wide": "語" * 66,
}
every_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


@promise("P12")
@every_name
async def test_a_room_receives_its_own_entries_only(pair: tuple[BrokerNode, BrokerNode], name: str) -> None:
    here, there = pair
    await there.broker.subscribe(name)
    for other in NAMES.values():
        receipt = await here.broker.publish(other, other.encode(), key="the same in all rooms")
        assert not receipt.duplicate
        here.broker.emit(other, other.encode())
    await there.received.until(lambda received: bool(received.entries and received.signals))
    await there.broker.probe()
    assert [(entry.room, entry.payload) for entry in there.received.entries] == [(name, name.encode())]
    assert there.received.signals == [(name, name.encode())]


@promise("P12")
async def test_each_name_keeps_its_own_history_and_head(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    expected = {}
    for name in NAMES.values():
        [receipt] = await here.send(name, name.encode())
        expected[name] = (receipt.epoch, receipt.offset)
    for name in NAMES.values():
        [entry] = await there.full_history(name)
        assert (entry.room, entry.payload, entry.prev) == (name, name.encode(), 0)
    assert await there.broker.heads(NAMES.values()) == expected


@promise("P12")
@every_name
async def test_leaving_all_other_names_keeps_this_one(pair: tuple[BrokerNode, BrokerNode], name: str) -> None:
    here, there = pair
    for other in NAMES.values():
        await there.broker.subscribe(other)
    for other in NAMES.values():
        if other != name:
            await there.broker.unsubscribe(other)
    await here.send(name, b"text")
    await there.received.count(1)
    assert there.received.entries[0].room == name
