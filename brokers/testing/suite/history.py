"""P8 history."""

from __future__ import annotations

import pytest

from brokers.base import BrokerOptions, Entry, Page, Retention
from brokers.testing.promises import promise
from brokers.testing.recorder import BrokerNode

every_limit = pytest.mark.parametrize("limit", [1, 7, 23, 100])


async def _fill(pair: tuple[BrokerNode, BrokerNode], entries: int) -> list[Entry]:
    """Publish from both nodes alternately, and return the history as the second node reads it."""
    here, there = pair
    for number in range(entries):
        await (here, there)[number % 2].send("room", b"%d" % number)
    return await there.full_history("room")


@promise("P8")
@every_limit
async def test_pages_forward_until_nothing_is_left(pair: tuple[BrokerNode, BrokerNode], limit: int) -> None:
    stored = await _fill(pair, 23)
    read: list[Entry] = []
    more = True
    while more:
        after = read[-1].offset if read else 0
        page = await pair[0].broker.history("room", after=after, limit=limit)
        assert 0 < len(page.entries) <= limit
        read += page.entries
        more = page.more
    assert [entry.payload for entry in read] == [b"%d" % number for number in range(23)]
    assert read == stored


@promise("P8")
@every_limit
async def test_pages_backward_until_nothing_is_left(pair: tuple[BrokerNode, BrokerNode], limit: int) -> None:
    stored = await _fill(pair, 23)
    page = await pair[0].broker.history("room", limit=limit)
    read = list(page.entries)
    while page.more:
        page = await pair[0].broker.history("room", before=read[0].offset, limit=limit)
        assert 0 < len(page.entries) <= limit
        read[:0] = page.entries
    assert read == stored


@promise("P8")
async def test_every_page_names_the_head(pair: tuple[BrokerNode, BrokerNode]) -> None:
    stored = await _fill(pair, 5)
    head = (await pair[0].broker.heads(["room"]))["room"]
    assert head.offset == stored[-1].offset
    for page in (
        await pair[0].broker.history("room", limit=1),
        await pair[0].broker.history("room", after=0, limit=1),
        await pair[0].broker.history("room", before=stored[0].offset, limit=1),
    ):
        assert page.head == head
    assert {entry.epoch for entry in stored} == {head.epoch}


@promise("P8")
async def test_behind_the_head_and_ahead_of_the_first_there_is_nothing(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    stored = await _fill(pair, 3)
    broker = pair[0].broker
    behind = await broker.history("room", after=stored[-1].offset, limit=10)
    beyond = await broker.history("room", after=stored[-1].offset + 1000, limit=10)
    ahead = await broker.history("room", before=stored[0].offset, limit=10)
    for page in (behind, beyond, ahead):
        assert (page.entries, page.trimmed, page.more) == ((), False, False)


@promise("P8")
async def test_an_offset_ahead_of_the_head_reads_back_from_the_head(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    stored = await _fill(pair, 3)
    page = await pair[0].broker.history("room", before=stored[-1].offset + 1000, limit=2)
    assert list(page.entries) == stored[-2:]
    assert page.more


@promise("P8")
async def test_a_room_without_entries_has_an_empty_history(pair: tuple[BrokerNode, BrokerNode]) -> None:
    page = await pair[0].broker.history("new", limit=10)
    assert page == Page((), page.head, trimmed=False, more=False)
    assert page.head.offset == 0


@promise("P8", options=BrokerOptions(retention=Retention(entries=5)))
async def test_a_page_after_a_trimmed_offset_is_marked_as_trimmed(
    pair: tuple[BrokerNode, BrokerNode],
) -> None:
    here, there = pair
    receipts = await here.send("room", *(b"%d" % number for number in range(10)))
    kept = await there.full_history("room")
    trimmed = await there.broker.history("room", after=receipts[2].offset, limit=2)
    whole = await there.broker.history("room", after=kept[0].prev, limit=2)
    from_the_start = await there.broker.history("room", after=0, limit=2)
    for page in (trimmed, whole, from_the_start):
        assert list(page.entries) == kept[:2]
        assert page.more
    assert [page.trimmed for page in (trimmed, whole, from_the_start)] == [True, False, True]


@promise("P8", options=BrokerOptions(retention=Retention(entries=5)))
async def test_paging_back_ends_at_the_first_entry_that_is_kept(pair: tuple[BrokerNode, BrokerNode]) -> None:
    here, there = pair
    await here.send("room", *(b"%d" % number for number in range(10)))
    kept = await there.full_history("room")
    page = await there.broker.history("room", before=kept[2].offset, limit=10)
    assert list(page.entries) == kept[:2]
    assert (page.trimmed, page.more) == (False, False)


@pytest.mark.parametrize(
    ("after", "before", "limit"), [(1, 2, 10), (None, None, 0), (None, 5, -1), (-1, None, 1), (None, -1, 1)]
)
@promise("P8")
async def test_what_cannot_be_asked_for_is_an_error(
    pair: tuple[BrokerNode, BrokerNode], after: int | None, before: int | None, limit: int
) -> None:
    for room in ("room", "new"):
        await pair[0].send("room", b"text")
        with pytest.raises(ValueError, match=r".+"):
            await pair[0].broker.history(room, after=after, before=before, limit=limit)
