"""A2 durable, A3 whole, A4 once, A8 bytes."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from archive.base import Archive, ArchivedEntry, Author
from archive.errors import ArchiveConflict
from archive.testing.promises import promise
from archive.testing.samples import EPOCH, chain, everything, numbered
from archive.testing.storage import Storage

PAYLOADS: Final = {
    "empty": b"",
    "nul": b"\x00",
    "every byte": bytes(range(256)),
    "not utf-8": b"\xff\xfe\xc3\x28",
    "large": bytes(range(256)) * 4096,
}
NAMES: Final = (
    "",
    "*",
    "'\"\\;--",
    "a\x00b",
    "a\r\nb",
    "\u00e9",
    "e\u0301",
    "ROOM",
    "room",
    "語" * 66,
    "👩‍👩‍👧‍👦",
)


@promise("A2", needs="crash")
async def test_what_was_appended_is_there_after_a_crash(storage: Storage) -> None:
    archive = storage.archive()
    await archive.start()
    entries = numbered("room", 100)
    for start in range(0, 100, 10):
        await archive.append(entries[start : start + 10])
    storage.crash()
    again = storage.archive()
    await again.start()
    assert await everything(again, "room") == entries
    assert again.lineage == archive.lineage
    await again.close()
    await archive.close()


@promise("A3")
async def test_a_batch_of_several_rooms_is_stored_in_all_of_them(archive: Archive) -> None:
    one, two = numbered("one", 10), numbered("two", 10)
    await archive.append([entry for pair in zip(one, two, strict=True) for entry in pair])
    assert await everything(archive, "one") == one
    assert await everything(archive, "two") == two


@promise("A3")
@pytest.mark.parametrize("count", [1, 2, 3, 100, 256, 257, 1000])
async def test_a_batch_of_any_size_is_stored_whole(archive: Archive, count: int) -> None:
    entries = numbered("room", count)
    await archive.append(entries[:1])
    await archive.append(entries[1:])
    assert await everything(archive, "room") == entries


@promise("A3")
async def test_a_batch_with_a_conflict_is_not_stored_at_all(archive: Archive) -> None:
    entries = numbered("room", 3)
    await archive.append(entries)
    other = entries[2]._replace(key="another", payload=b"another")
    fresh = numbered("room", 5, first=4)
    for batch in ([*fresh, other], [other, *fresh], [*numbered("new", 1), other]):
        with pytest.raises(ArchiveConflict):
            await archive.append(batch)
    assert await everything(archive, "room") == entries
    assert (await archive.heads()).keys() == {"room"}
    await archive.append(fresh)
    assert await everything(archive, "room") == entries + fresh


@promise("A3")
async def test_appends_that_are_not_awaited_are_stored_in_order(archive: Archive) -> None:
    entries = numbered("room", 50)
    outcomes = [archive.append([entry]) for entry in entries]
    done: list[asyncio.Future[None]] = []
    for outcome in outcomes:
        outcome.add_done_callback(done.append)
    await asyncio.gather(*outcomes)
    assert await everything(archive, "room") == entries
    assert done == outcomes


@promise("A4")
async def test_appending_again_changes_nothing(archive: Archive) -> None:
    entries = numbered("room", 10)
    await archive.append(entries[:6])
    await archive.append(entries[4:])
    await archive.append(entries)
    assert await everything(archive, "room") == entries
    assert (await archive.heads())["room"].offset == 10


@promise("A4")
async def test_another_entry_at_a_position_that_is_taken_is_refused(archive: Archive) -> None:
    [entry] = chain("room", b"first")
    await archive.append([entry])
    for other in (entry._replace(payload=b"second"), entry._replace(key="another")):
        with pytest.raises(ArchiveConflict):
            await archive.append([other])
    assert await everything(archive, "room") == [entry]


@promise("A4")
async def test_the_same_offset_of_another_room_or_epoch_is_another_position(archive: Archive) -> None:
    first = chain("room", b"first")
    await archive.append(first)
    await archive.append(chain("other", b"other"))
    second = chain("room", b"second", epoch="later")
    await archive.append(second)
    assert await everything(archive, "room", EPOCH) == first
    assert await everything(archive, "room", "later") == second


@promise("A8")
@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_a_payload_comes_back_as_it_was_given(archive: Archive, payload: bytes) -> None:
    entries = chain("room", payload, b"after")
    await archive.append(entries)
    assert await everything(archive, "room") == entries


@promise("A8")
async def test_any_text_is_a_room_a_key_and_an_epoch(archive: Archive) -> None:
    for name in NAMES:
        await archive.append(
            [ArchivedEntry(name, name, 0, 1, 5, name, name.encode(), Author(name, name, name))]
        )
    for name in NAMES:
        [entry] = await everything(archive, name, name)
        assert entry == ArchivedEntry(name, name, 0, 1, 5, name, name.encode(), Author(name, name, name))
    assert (await archive.heads(NAMES)).keys() == set(NAMES)


@promise("A8")
async def test_an_author_that_is_not_known_stays_unknown(archive: Archive) -> None:
    [entry] = chain("room", b"text")
    await archive.append([entry._replace(author=Author())])
    assert [each.author for each in await everything(archive, "room")] == [Author()]
