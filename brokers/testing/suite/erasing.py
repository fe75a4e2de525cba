"""P18 erase."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from brokers.base import Entry
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode, chained

ERASED = b"erased"


async def fill(node: BrokerNode, count: int) -> list[int]:
    """Publish in two rooms, and return the offsets in one of them."""
    offsets = []
    for number in range(count):
        [receipt] = await node.send("room", b"%d" % number)
        await node.send("other", b"%d" % number)
        offsets.append(receipt.offset)
    return offsets


def kept(entries: Sequence[Entry]) -> list[bytes]:
    return [entry.payload for entry in entries if entry.payload != ERASED]


@promise("P18")
@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_payloads_are_gone_and_the_chain_is_whole(
    pair: tuple[BrokerNode, BrokerNode], limit: int
) -> None:
    here, there = pair
    offsets = await fill(here, 10)
    await here.broker.erase("room", [offsets[2], offsets[5], offsets[6]], ERASED)
    expected = [b"%d" % number for number in range(10) if number not in {2, 5, 6}]
    read: list[Entry] = []
    more = True
    while more:
        after = read[-1].offset if read else 0
        page = await there.broker.history("room", after=after, limit=limit)
        assert not page.trimmed
        assert not read or page.entries[0].prev == after
        read += page.entries
        more = page.more
    assert kept(read) == expected
    assert chained(read)
    back: list[Entry] = []
    page = await there.broker.history("room", limit=limit)
    back[:0] = page.entries
    while page.more:
        page = await there.broker.history("room", before=back[0].offset, limit=limit)
        back[:0] = page.entries
    assert back == read
    assert kept(await there.full_history("other")) == [b"%d" % number for number in range(10)]


@promise("P18")
async def test_a_node_at_an_erased_entry_goes_on(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    offsets = await fill(here, 5)
    await there.broker.erase("room", offsets[1:3], ERASED)
    for offset in offsets[:4]:
        page = await here.broker.history("room", after=offset, limit=10)
        assert not page.trimmed
        assert page.entries[0].prev == offset
        assert kept(page.entries)[-1] == b"4"


@promise("P18")
async def test_the_last_entry_stays_and_the_room_goes_on(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    offsets = await fill(here, 3)
    head = await there.broker.subscribe("room")
    await here.broker.erase("room", offsets, ERASED)
    assert (await here.broker.heads(["room"]))["room"] == head
    [receipt] = await here.send("room", b"next")
    await there.received.count(1)
    assert there.received.entries[0].prev == head.offset
    assert receipt.offset > head.offset
    assert kept(await there.full_history("room")) == [b"2", b"next"]
    await here.broker.erase("room", [head.offset], ERASED)
    assert kept(await there.full_history("room")) == [b"next"]


@promise("P18")
async def test_erasing_again_and_what_is_not_there_changes_nothing(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    offsets = await fill(here, 4)
    for node in pair:
        await node.broker.erase("room", [offsets[1], offsets[-1] + 1_000], ERASED)
    await here.broker.erase("new", [1, 2], ERASED)
    # An offset of the other room, where offsets are those of all rooms.
    await here.broker.erase("room", [offsets[1] + 1], ERASED)
    assert kept(await there.full_history("other")) == [b"0", b"1", b"2", b"3"]
    assert b"0" in kept(await there.full_history("room"))


@promise("P18", "P5")
async def test_the_key_of_an_erased_entry_is_not_stored_again(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    first = await here.broker.publish("room", b"text", key="key")
    await here.send("room", b"next")
    await here.broker.erase("room", [first.offset], ERASED)
    again = await there.broker.publish("room", b"text", key="key")
    assert again == first._replace(duplicate=True)
    assert kept(await there.full_history("room")) == [b"next"]
