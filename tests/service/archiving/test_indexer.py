"""Indexing: what of each entry is found, and that all of it is indexed once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Generator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from archive.base import Archive, ArchivedEntry, ArchiveOptions
from archive.query import parse
from archive.references import Reference
from archive.search import Searchable
from archive.sqlite import SqliteArchive
from archive.testing.samples import EPOCH, chain
from archive.words import STEP, Words, words_in_steps, words_of
from service.archiving.indexer import BYTES_AT_ONCE, WORDS_AT_ONCE, Indexer, read_part


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Archive]:
    made = SqliteArchive(ArchiveOptions(url=f"sqlite:///{tmp_path}/a.sqlite"))
    await made.start()
    yield made
    await made.close()


def payload(**fields: object) -> bytes:
    return json.dumps({"key": "k", "user": "Ann", "user_id": "g:1", "at": 5, **fields}).encode()


def message(text: str) -> bytes:
    return payload(text=text)


def entries(*payloads: bytes) -> list[ArchivedEntry]:
    return chain("room", *payloads)


async def texts(archive: Archive, query: str) -> list[str]:
    page = await archive.search(parse(query), limit=100)
    return [json.loads((hit.edit or hit.entry).payload)["text"] for hit in page.hits]


def test_a_message_is_found_by_its_words_its_author_and_its_link() -> None:
    [plain, link] = read_part(entries(message("Hello"), message("see HTTPS://example.org"))).changes
    assert plain == Searchable(1, words_of("hello"), "ann", "g:1", link=False)
    assert (link.offset, link.link) == (2, True)


def test_edits_and_deletions_change_the_message_that_they_name() -> None:
    changes = entries(
        message("one"),
        payload(change="edit", target=1, text="two"),
        payload(change="react", target=1, emoji="👍"),
        payload(change="delete", target=1),
        payload(change="of the future", target=1, text="x"),
        b"no json",
        b"{}",
        b'{"text":5}',
    )
    assert [(each.offset, each.words, each.edit) for each in read_part(changes).changes] == [
        (1, words_of("one"), None),
        (1, words_of("two"), 2),
        (1, None, None),
    ]


async def test_all_is_indexed_in_parts_by_several_nodes_at_once(archive: Archive) -> None:
    for room in ("one", "two", "three"):
        await archive.append(chain(room, *(message(f"word {number}") for number in range(20))))
    nodes = [Indexer(archive, epochs=2, page=7) for _ in range(3)]
    while any(await asyncio.gather(*(node.turn() for node in nodes))):
        pass
    assert len(await texts(archive, "word")) == 60
    assert await archive.unindexed(limit=9) == []


async def test_the_current_text_is_found_and_a_deleted_one_never(archive: Archive) -> None:
    node = Indexer(archive)
    await archive.append(entries(message("first"), message("second")))
    await node.turn()
    await archive.append(
        chain(
            "room",
            payload(change="edit", target=1, text="changed"),
            payload(change="delete", target=2),
            payload(change="edit", target=2, text="back"),
            first=3,
        )
    )
    await node.turn()
    assert await texts(archive, "from:ann") == ["changed"]
    assert (
        await texts(archive, "first") == await texts(archive, "second") == await texts(archive, "back") == []
    )


async def test_a_turn_of_the_loop_splits_a_bounded_part_of_the_texts(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [0]

    def counted(text: str) -> Generator[None, None, Words]:
        if not parts[-1]:
            asyncio.get_running_loop().call_soon(parts.append, 0)
        parts[-1] += len(text)
        return words_in_steps(text)

    monkeypatch.setattr("service.archiving.indexer.words_in_steps", counted)
    await archive.append(entries(*(message("x" * 1_000) for _ in range(40))))
    assert await Indexer(archive).turn() == 40
    assert sum(parts) == 40_000
    assert max(parts) <= BYTES_AT_ONCE


async def test_a_turn_of_the_loop_splits_a_bounded_part_of_one_text(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [0]

    def counted(text: str) -> Generator[None, None, Words]:
        split = words_in_steps(text)
        while True:
            if not steps[-1]:
                asyncio.get_running_loop().call_soon(steps.append, 0)
            steps[-1] += 1
            try:
                yield next(split)
            except StopIteration as end:
                return cast(Words, end.value)

    monkeypatch.setattr("service.archiving.indexer.words_in_steps", counted)
    await archive.append(entries(message("\N{DUCK}" * 4 * STEP)))
    assert await Indexer(archive).turn() == 1
    assert (sum(steps), max(steps)) == (5, 1)
    assert await texts(archive, "\N{DUCK}") == ["\N{DUCK}" * 4 * STEP]


async def test_a_long_text_rests_between_its_steps(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    # Each step takes half a second.
    clock = count(0.0, 0.5)
    monkeypatch.setattr("service.archiving.indexer.perf_counter", lambda: next(clock))
    await archive.append(entries(message("short"), message("\N{DUCK}" * 4 * STEP)))
    assert await Indexer(archive, rest=rest).turn() == 2
    assert rests == [1.5] * 4


async def test_one_call_of_the_archive_indexes_a_bounded_number_of_words(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[int, int, int]] = []
    real = archive.index

    async def counted(
        room: str,
        epoch: str,
        *,
        since: int,
        through: int,
        changes: list[Searchable],
        references: list[Reference],
    ) -> bool:
        calls.append((since, through, sum(len(each.words.words) for each in changes if each.words)))
        return await real(room, epoch, since=since, through=through, changes=changes, references=references)

    monkeypatch.setattr(archive, "index", counted)
    some = " ".join(f"w{number}" for number in range(WORDS_AT_ONCE // 4))
    await archive.append(entries(*(message(some) for _ in range(9)), b"no message"))
    assert await Indexer(archive).turn() == 10
    assert calls == [(0, 4, WORDS_AT_ONCE), (4, 8, WORDS_AT_ONCE), (8, 10, WORDS_AT_ONCE // 4)]
    assert len(await texts(archive, "w7")) == 9


async def test_entries_that_are_no_messages_are_passed(archive: Archive) -> None:
    await archive.append(entries(b"\xff", b"", message("word")))
    assert await Indexer(archive).turn() == 3
    assert await archive.unindexed(limit=9) == []
    assert (await archive.heads())["room"].epoch == EPOCH
    assert await texts(archive, "word") == ["word"]


def test_changes_and_replies_refer_to_a_message() -> None:
    found = entries(
        message("one"),
        payload(change="edit", target=1, text="two"),
        payload(change="react", target=1, emoji="👍"),
        payload(text="reply", reply_to=1),
        payload(text="reply to it", reply_to=4, thread=1),
        b"no json",
    )
    assert read_part(found).references == [
        Reference(2, 1),
        Reference(3, 1),
        Reference(4, 1, is_reply=True),
        Reference(5, 1, is_reply=True),
    ]


async def test_what_an_earlier_version_indexed_is_recorded_in_steps(tmp_path: Path, archive: Archive) -> None:
    await archive.append(entries(*(message(f"word {number}") for number in range(20))))
    changes = (payload(change="react", target=number, emoji="👍") for number in range(1, 21))
    await archive.append(chain("room", *changes, first=21))
    # As it was indexed, without references.
    assert await archive.index("room", EPOCH, since=0, through=30, changes=())
    with closing(sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE epochs SET referred = 0")
    node = Indexer(archive, page=4, recorded_page=7)
    counts = [await node.turn() for _ in range(8)]
    assert counts == [4 + 7, 4 + 7, 2 + 7, 7, 7, 5, 0, 0]
    found = await archive.references.find("room", EPOCH, range(1, 21), most=9, most_replies=9)
    assert (found.through, [entry.offset for entry in found.changes]) == (40, list(range(21, 41)))
    assert await archive.references.unrecorded(limit=9) == []
