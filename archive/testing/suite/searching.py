"""A15 search."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from archive.base import Archive, ArchiveRetention
from archive.query import parse
from archive.search import Searchable, SearchQuery, Unindexed
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain
from archive.testing.storage import Storage
from archive.words import Term, fold, words_of

_DAY: Final = 86_400_000


async def store(
    archive: Archive, *texts: str, room: str = "room", first: int = 1, at: int = 1_700_000_000_000
) -> None:
    """Append messages, and index them."""
    await archive.append(chain(room, *(text.encode() for text in texts), first=first, at=at))
    changes = [searchable(offset, text) for offset, text in enumerate(texts, first)]
    through = first + len(texts) - 1
    assert await archive.index(room, EPOCH, since=first - 1, through=through, changes=changes)


def searchable(offset: int, text: str, *, author: str = "Ann", edit: int | None = None) -> Searchable:
    return Searchable(offset, words_of(text), fold(author), f"id of {author}", "http" in text, edit)


async def found(archive: Archive, query: str | SearchQuery, limit: int = 100) -> list[str]:
    """Search, and return the texts, newest first."""
    wanted = parse(query) if isinstance(query, str) else query
    page = await archive.search(wanted, limit=limit)
    return [hit.entry.payload.decode() for hit in page.hits]


TEXTS: Final = (
    "Guten Morgen, Müller! Die Straße ist naß.",
    "東京都に住んでいます",
    "京都",
    "call parseHTML5Document() or parse_html_document",
    "It's 100 % ready 🎉 see https://example.org/a?b=c",
    "Россия и Ёлка",
    "हिन्दी में",
    "서울특별시",
    "SELECT * FROM entries WHERE name = 'x'; --",
)


@promise("A15")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("morgen", [0]),
        ("MULLER strasse", [0]),
        ("nass", [0]),
        ("東京", [1]),
        ("京都", [2, 1]),
        ("東京都", [1]),
        ("都", [2, 1]),
        ("東", [1]),
        ("大阪", []),
        ("parse html", [3]),
        ("parsehtmldocument", [3]),
        ("parse_html_document", [3]),
        ("parseHTML5Document", [3]),
        ("pars", []),
        ("pars*", [3]),
        ("its", [4]),
        ("🎉", [4]),
        ("🎈", []),
        ("example.org", [4]),
        ("has:link", [4]),
        ("has:link ready", [4]),
        ("елка", [5]),
        ("हिन्दी", [6]),
        ("서울", [7]),
        ("특별", [7]),
        ("select entries", [8]),
        ('"from entries"', [8]),
        ('"entries from"', []),
        ('"die strasse ist"', [0]),
        ("in:room morgen", [0]),
        ("in:other morgen", []),
        ("from:ann morgen", [0]),
        ("from:ANN morgen", [0]),
        ('from:"id of Ann" morgen', [0]),
        ("from:bob morgen", []),
    ],
)
async def test_texts_are_found_by_their_words(archive: Archive, query: str, expected: list[int]) -> None:
    await store(archive, *TEXTS)
    assert await found(archive, query) == [TEXTS[index] for index in expected]


@promise("A15")
@pytest.mark.parametrize(
    "query",
    [
        '"',
        "'",
        "a' OR '1'='1",
        "NEAR(a b)",
        "a AND NOT b",
        "words:a",
        "a:*",
        "*",
        "!a & b | (c",
        "a <-> b",
        "\\",
        "-a",
        "^a",
        "{a}",
        "a\x00b",
        '"a',
        "from:",
        "before:yesterday",
        "has:nothing",
        "%",
        "_",
        "'; DROP TABLE entries; --",
    ],
)
async def test_hostile_syntax_is_text(archive: Archive, query: str) -> None:
    await store(archive, "something else", "nothing but this")
    text = f"here: {query} :there"
    await store(archive, text, first=3)
    wanted = parse(f"here {query}")
    assert text in await found(archive, wanted)
    assert len(await found(archive, "something")) == 1


@promise("A15")
@pytest.mark.parametrize("limit", [1, 3, 10, 11])
async def test_hits_are_paged_from_the_newest_back(archive: Archive, limit: int) -> None:
    await store(archive, *(f"word {number}" for number in range(10)))
    read: list[str] = []
    before: str | None = None
    while True:
        page = await archive.search(SearchQuery(terms=(Term(("word",)),)), before=before, limit=limit)
        assert len(page.hits) <= limit
        read += [hit.entry.payload.decode() for hit in page.hits]
        before = page.more
        if before is None:
            break
    assert read == [f"word {number}" for number in reversed(range(10))]


@promise("A15")
async def test_rooms_share_one_order_by_time(archive: Archive) -> None:
    await store(archive, "word a", "word b", at=1_700_000_001_000)
    await store(archive, "word c", room="other", at=1_700_000_000_000)
    await store(archive, "word d", room="third", at=1_700_000_002_000)
    assert await found(archive, "word") == ["word d", "word b", "word a", "word c"]
    rooms = SearchQuery(terms=(Term(("word",)),), rooms=("room", "third"))
    assert await found(archive, rooms) == ["word d", "word b", "word a"]
    page = await archive.search(rooms, limit=1)
    [hit] = page.hits
    assert (hit.entry.room, hit.entry.epoch, hit.entry.offset, hit.edit) == ("third", EPOCH, 1, None)


@promise("A15")
async def test_days_are_bounds(archive: Archive) -> None:
    noon = 1_767_268_800_000  # 2026-01-01T12:00Z
    for day in range(3):
        await store(archive, f"word {day + 1}", first=day + 1, at=noon + day * _DAY)
    assert await found(archive, "word after:2026-01-02") == ["word 3", "word 2"]
    assert await found(archive, "word before:2026-01-02") == ["word 1"]
    assert await found(archive, "after:2026-01-02 before:2026-01-03") == ["word 2"]


@promise("A15")
async def test_the_current_words_are_found_and_removed_ones_never(archive: Archive) -> None:
    await store(archive, "first words", "other words")
    await archive.append(chain("room", b"second words", b"", first=3))
    edit = searchable(1, "second words", edit=3)
    assert await archive.index("room", EPOCH, since=2, through=3, changes=[edit])
    assert await found(archive, "first") == []
    [hit] = (await archive.search(parse("second"), limit=9)).hits
    assert (hit.entry.offset, hit.entry.payload) == (1, b"first words")
    assert hit.edit is not None
    assert hit.edit.payload == b"second words"
    gone = [Searchable(1, None), searchable(2, "more", edit=3), searchable(2, "most", edit=3)]
    assert await archive.index("room", EPOCH, since=3, through=4, changes=gone)
    assert await found(archive, "words") == []
    assert await found(archive, "more") == []
    assert await found(archive, "most") == ["other words"]
    assert await archive.unindexed(limit=9) == []


@promise("A15")
async def test_an_edit_does_not_bring_back_what_was_removed(archive: Archive) -> None:
    await store(archive, "one", "two")
    await archive.append(chain("room", b"three", b"", b"", b"", first=3))
    message, removal = searchable(3, "three"), Searchable(3, None)
    late = [Searchable(1, None), searchable(1, "back", edit=4)]
    together = [message, removal, searchable(3, "back", edit=5)]
    assert await archive.index("room", EPOCH, since=2, through=5, changes=[*late, *together])
    assert await archive.index("room", EPOCH, since=5, through=6, changes=[searchable(1, "back", edit=6)])
    assert await found(archive, "back") == []
    assert await found(archive, "two") == ["two"]


@promise("A15")
async def test_an_epoch_is_indexed_in_order_and_once(archive: Archive) -> None:
    entries = chain("room", *(b"word" for _ in range(10)))
    await archive.append(entries)
    await archive.append(chain("other", b"word", epoch="old"))
    assert sorted(await archive.unindexed(limit=9)) == [
        Unindexed("other", "old", 0),
        Unindexed("room", EPOCH, 0),
    ]
    assert len(await archive.unindexed(limit=1)) == 1
    parts: Sequence[Searchable] = [searchable(1, "word")]
    assert not await archive.index("room", EPOCH, since=4, through=5, changes=parts)
    assert not await archive.index("room", "unknown", since=0, through=5, changes=parts)
    outcomes = await asyncio.gather(
        *(archive.index("room", EPOCH, since=0, through=5, changes=parts) for _ in range(5))
    )
    assert sorted(outcomes) == [False] * 4 + [True]
    assert await found(archive, "word") == ["word"]
    assert Unindexed("room", EPOCH, 5) in await archive.unindexed(limit=9)


@promise("A9", "A15", retention=ArchiveRetention(entries=3))
async def test_what_was_trimmed_is_not_found(archive: Archive) -> None:
    await store(archive, *(f"word {number}" for number in range(5)))
    assert await found(archive, "word") == ["word 4", "word 3", "word 2"]


@promise("A9", "A15", retention=ArchiveRetention(age=100.0), key_window=1.0)
async def test_what_is_too_old_is_not_found(storage: Storage, archive: Archive) -> None:
    now = int(storage.clock.now * 1000)
    await store(archive, "word 1", at=now)
    storage.clock.now += 60
    await store(archive, "word 2", first=2, at=now + 60_000)
    storage.clock.now += 60
    for _ in range(3):  # before and after the storage was freed
        assert await found(archive, "word") == ["word 2"]
        await archive.trim()


@promise("A15")
@pytest.mark.parametrize("place", ["", "x", "-1", "1.2", "1' OR 1", "9" * 40])
async def test_a_place_that_no_page_returned_is_an_error(archive: Archive, place: str) -> None:
    with pytest.raises(ValueError, match="is not a place in a search"):
        await archive.search(parse("word"), before=place, limit=1)
