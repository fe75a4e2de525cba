"""What a failover of the broker has lost leaves the archive, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from archive.base import ArchiveOptions
from archive.postgres import PostgresArchive
from archive.query import parse
from brokers.base import Entry
from hubbub_protocol.folding import ChangeKind
from service.archiving.copier import Copier
from service.archiving.disputes import Disputes
from service.archiving.indexer import Indexer
from service.wire.messages import ERASED_PAYLOAD, ChangePayload, encode_stored
from tests.archive.postgres_storage import new_database, url_of
from tests.contract.postgres_server import shared_postgres
from tests.service.archiving.two_servers import World, chain, edit, message, stored


@pytest.fixture
async def world() -> AsyncIterator[World]:
    server = await asyncio.to_thread(shared_postgres)
    async with new_database(server) as database:
        archive = PostgresArchive(ArchiveOptions(url=url_of(server, database)))
        await archive.start()
        yield World(archive)
        await archive.close()


BOTH = chain(*range(1, 11))
# What the replaced primary stored, unacknowledged, later than its successor.
LOST = [*BOTH, *chain(100, 101, after=10, by="lost")]
SUCCESSORS = {
    "it is behind": chain(50, 51, 52, after=10),
    "it is at the same offset": chain(*range(50, 102), after=10),
    "it has passed the lost offsets": chain(*range(50, 120), after=10),
    "it has passed them without using one of them": chain(50, 51, 105, after=10),
}


@pytest.mark.parametrize("later", SUCCESSORS.values(), ids=SUCCESSORS.keys())
async def test_what_a_replaced_primary_stored_leaves_the_archive(
    world: World, later: list[Entry], caplog: pytest.LogCaptureFixture
) -> None:
    world.server.entries = LOST
    await world.copy()
    assert await world.archived() == stored(LOST)
    world.server.entries = [*BOTH, *later, message(200, later[-1].offset)]
    node = world.node()
    for _ in range(2):
        await node.turn()
    assert await world.archived() == stored(world.server.entries)
    assert node.sample() == {"archive_lag_seconds": 0, "archive_rooms_pending": 0}
    assert (world.metrics.archive_rewinds, world.metrics.archive_gaps) == (1, 0)
    [record] = [each for each in caplog.records if each.message == "archive_rewound"]
    assert (record.__dict__["after"], record.__dict__["through"]) == (10, 101)
    assert "archive_conflict" not in caplog.text


async def test_a_sweep_finds_a_room_in_which_nothing_is_published_any_more(world: World) -> None:
    world.server.entries = LOST
    await world.copy()
    world.server.entries = [*BOTH, *SUCCESSORS["it is behind"]]
    node = Copier(world.server, world.archive, world.tuning)
    await node.turn()
    await node.sweep()
    await node.turn()
    assert await world.archived() == stored(world.server.entries)


@pytest.mark.parametrize("stale", [BOTH, LOST], ids=["behind", "ahead"])
async def test_a_server_that_was_replaced_removes_nothing(world: World, stale: list[Entry]) -> None:
    right = [*BOTH, *SUCCESSORS["it is behind"]]
    world.server.entries = right
    await world.copy()
    world.server.entries, world.server.confirms = stale, False
    node = world.node()
    for _ in range(3):
        await node.turn()
    assert await world.archived() == stored(right)
    # The node has found the successor.
    world.server.entries, world.server.confirms = [*right, message(53, 52)], True
    await node.turn()
    assert await world.archived() == stored(world.server.entries)
    assert world.metrics.archive_rewinds == 0


async def test_a_node_that_remembers_what_was_lost_does_not_bring_it_back(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.server.entries = [*BOTH, *SUCCESSORS["it is behind"]]
    await world.copy()
    remembers = world.node(LOST)
    for _ in range(3):
        await remembers.turn()
    assert await world.archived() == stored(world.server.entries)
    assert (world.metrics.archive_rewinds, remembers.sample()["archive_rooms_pending"]) == (0, 0)
    assert "archive_conflict" not in caplog.text


async def test_nodes_that_find_it_at_the_same_time_end_with_the_same(world: World) -> None:
    world.server.entries = LOST
    await world.copy()
    world.server.entries = [*BOTH, *SUCCESSORS["it has passed the lost offsets"]]
    nodes = [world.node(memory) for memory in ((), LOST, world.server.entries, ())]
    for _ in range(4):
        await asyncio.gather(*(node.turn() for node in nodes))
    assert await world.archived() == stored(world.server.entries)
    assert world.metrics.archive_rewinds == 1


async def test_much_that_was_lost_leaves_in_parts(world: World) -> None:
    world.tuning = replace(world.tuning, archive_rewound=3)
    world.server.entries = [*BOTH, *chain(*range(100, 120), after=10, by="lost")]
    await world.copy()
    world.server.entries = [*BOTH, *chain(*range(50, 62), after=10)]
    await world.copy()
    assert await world.archived() == stored(world.server.entries)
    assert world.metrics.archive_rewinds == 1


async def test_what_the_broker_has_trimmed_stays(world: World) -> None:
    world.server.entries = LOST
    await world.copy()
    world.server.entries = chain(*range(60, 65), after=59)
    await world.copy()
    assert await world.archived() == stored([*BOTH, *world.server.entries])
    assert world.metrics.archive_gaps == 1


async def test_what_is_nowhere_else_stays_until_the_broker_has_something_in_its_place(world: World) -> None:
    """A server that lost acknowledged data can't be distinguished from a failover by what it has."""
    world.server.entries = chain(*range(1, 21))
    await world.copy()
    world.server.entries = BOTH
    node = world.node()
    await node.sweep()
    await node.turn()
    assert await world.archived() == stored(chain(*range(1, 21)))
    assert node.sample()["archive_rooms_pending"] == 0
    world.server.entries = [*BOTH, message(5000, 10)]
    await world.copy()
    assert await world.archived() == stored(world.server.entries)


async def test_an_entry_that_was_erased_or_redacted_is_the_same_one(world: World) -> None:
    world.server.entries = [*BOTH, edit(11, 10, 3, "secret")]
    await world.copy()
    redacted = ChangePayload(ChangeKind.EDIT, 3, "edit 11", "Ann", "g:1", "guest", 11, None)
    for payload in (encode_stored(redacted), ERASED_PAYLOAD):
        world.server.entries = [*BOTH, Entry("room", "e", 10, 11, payload), *chain(12, 13, after=11)]
        await world.copy(turns=3)
        assert [offset for offset, _ in await world.archived()] == list(range(1, 14))
        world.server.entries = [*world.server.entries, message(14, 13)]
    assert world.metrics.archive_rewinds == 0


async def test_a_message_is_found_by_its_text_again_after_its_edit_was_lost(world: World) -> None:
    first = [*BOTH, edit(11, 10, 5, "kept")]
    lost = [*first, edit(100, 11, 5, "wrong"), edit(101, 100, 6, "wrong"), message(102, 101, by="lost")]
    world.server.entries = lost
    await world.copy()
    indexer = Indexer(world.archive)
    while await indexer.turn():
        pass

    async def found(word: str) -> list[int]:
        page = await world.archive.search(parse(word), limit=9)
        return [hit.entry.offset for hit in page.hits]

    assert (await found("wrong"), await found("text102lost")) == ([6, 5], [102])
    world.server.entries = [*first, message(50, 11)]
    await world.copy()
    while await indexer.turn():
        pass
    assert (await found("wrong"), await found("text102lost")) == ([], [])
    words = "kept", "text5", "text6", "text50"
    assert [await found(word) for word in words] == [[5], [], [6], [50]]


async def test_so_many_messages_are_found_by_their_texts_again(world: World) -> None:
    world.tuning = replace(world.tuning, archive_reworded=2)
    changes = [edit(100 + target, 99 + target, target, "wrong") for target in (1, 2, 3)]
    changes[0] = edit(101, 10, 1, "wrong")
    world.server.entries = [*BOTH, *changes]
    await world.copy()
    indexer = Indexer(world.archive)
    while await indexer.turn():
        pass
    world.server.entries = [*BOTH, message(50, 10)]
    await world.copy()
    found = {}
    for word in ("text2", "text3", "wrong"):
        page = await world.archive.search(parse(word), limit=9)
        found[word] = [hit.entry.offset for hit in page.hits]
    assert found == {"text2": [2], "text3": [3], "wrong": [1]}


async def test_a_room_whose_entries_never_fit_is_left_to_the_operator(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def settled(*_: object) -> bool:
        return True

    world.server.entries = LOST
    await world.copy()
    monkeypatch.setattr(Disputes, "settle", settled)
    world.server.entries = [*BOTH, message(200, 10)]
    await world.copy()
    assert await world.archived() == stored(LOST)
    assert [each.message for each in caplog.records] == ["archive_conflict"]
