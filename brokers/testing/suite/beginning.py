"""P19 begin."""

from __future__ import annotations

from typing import Final

from brokers.base import Position
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode

_IMPORTED: Final = Position("imported", 30)


@promise("P19")
async def test_an_empty_room_continues_after_the_position_where_the_broker_can(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    before = (await here.broker.heads(["room"]))["room"]
    begun = await here.broker.begin("room", _IMPORTED)
    if not here.broker.begins_rooms:
        assert begun == before
        return
    # Once more changes nothing.
    assert begun == await there.broker.begin("room", _IMPORTED) == _IMPORTED
    assert await there.broker.subscribe("room") == _IMPORTED
    [receipt] = await here.send("room", b"text")
    assert receipt.epoch == _IMPORTED.epoch
    page = await there.broker.history("room", after=_IMPORTED.offset, limit=9)
    assert [(entry.prev, entry.offset) for entry in page.entries] == [(_IMPORTED.offset, receipt.offset)]
    assert (page.trimmed, page.more) == (False, False)
    assert (await there.broker.history("room", after=0, limit=9)).trimmed


@promise("P19")
async def test_a_room_with_entries_stays_as_it_is(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    [receipt] = await here.send("room", b"text")
    assert await there.broker.begin("room", _IMPORTED) == (receipt.epoch, receipt.offset)
    [entry] = (await there.broker.history("room", limit=9)).entries
    assert (entry.epoch, entry.offset) == (receipt.epoch, receipt.offset)
