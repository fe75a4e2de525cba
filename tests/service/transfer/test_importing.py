"""What was exported is imported again, once, on either archive."""

from __future__ import annotations

import re

import pytest

from archive.base import Archive, ArchiveOptions, ArchiveRetention
from archive.sqlite.archive import SqliteArchive
from archive.testing.samples import chain, everything, numbered
from archive.testing.storage import ArchiveMaker
from service.transfer.errors import TransferError
from service.transfer.importing import BATCH_ENTRIES
from tests.archive.conftest import MAKERS
from tests.service.transfer.histories import exported, fill, import_from, opened


@pytest.mark.parametrize("source", MAKERS.values(), ids=list(MAKERS))
async def test_an_import_exports_the_same_bytes(source: ArchiveMaker, maker: ArchiveMaker) -> None:
    async with opened(source) as first, opened(maker) as second:
        await fill(first)
        content = await exported(first)
        done = await import_from(second, content)
        assert (done.rooms, done.entries, done.new) == (3, 462, 462)
        assert await exported(second) == content
        assert (await second.heads()).keys() == (await first.heads()).keys()
        assert (await second.heads())["\x00"].epoch == "alpha"


async def test_importing_again_changes_nothing(maker: ArchiveMaker) -> None:
    async with opened(maker) as archive:
        await fill(archive)
        content = await exported(archive)
        done = await import_from(archive, content)
        assert (done.entries, done.new) == (462, 0)
        assert await exported(archive) == content


async def test_a_room_that_went_on_keeps_what_came_later(maker: ArchiveMaker) -> None:
    async with opened(maker) as archive:
        entries = numbered("room", 3)
        await archive.append(entries[:2])
        content = await exported(archive)
        await archive.append(entries[2:])
        await import_from(archive, content)
        assert await everything(archive, "room") == entries


async def test_an_import_that_was_interrupted_goes_on(maker: ArchiveMaker) -> None:
    async with opened(MAKERS["sqlite"]) as source, opened(maker) as archive:
        await source.append(numbered("room", 2 * BATCH_ENTRIES + 7))
        content = await exported(source)
        lines = content.splitlines(keepends=True)
        with pytest.raises(TransferError, match=r"cut off behind line 900"):
            await import_from(archive, b"".join(lines[:900]))
        done = await import_from(archive, content)
        assert done.new == 2 * BATCH_ENTRIES + 7 - 899
        assert await exported(archive) == content


async def test_rooms_get_other_names_with_a_prefix(archive: Archive) -> None:
    await fill(archive)
    await import_from(archive, await exported(archive, "lobby"), prefix="old ")
    assert await archive.rooms(limit=9) == ["\x00", "lobby", "many", "old lobby"]


async def test_what_was_trimmed_stays_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("archive") / "a.sqlite"
    options = ArchiveOptions(url=f"sqlite:///{path}", retention=ArchiveRetention(entries=2))
    archive = SqliteArchive(options)
    await archive.start()
    await archive.append(numbered("room", 2))
    content = await exported(archive)
    await archive.append(numbered("room", 2, first=3))
    done = await import_from(archive, content)
    assert (done.entries, done.new) == (2, 0)
    assert [entry.offset for entry in await everything(archive, "room")] == [3, 4]
    await archive.close()


async def test_another_history_of_a_room_is_refused(maker: ArchiveMaker) -> None:
    async with opened(MAKERS["sqlite"]) as source, opened(maker) as archive:
        await source.append(chain("room", b"1", epoch="old"))
        content = await exported(source)
        await archive.append(chain("room", b"1", epoch="new"))
        with pytest.raises(TransferError, match=r"line 2: the room 'room' has another history .* --prefix"):
            await import_from(archive, content)
        assert [head.epoch for head in await archive.epochs("room")] == ["new"]


async def test_another_entry_at_a_position_is_refused(maker: ArchiveMaker) -> None:
    async with opened(MAKERS["sqlite"]) as source, opened(maker) as archive:
        await source.append(chain("room", b"1", b"2"))
        content = await exported(source)
        await archive.append(chain("room", b"1", b"two"))
        with pytest.raises(TransferError, match=r"the 2 entries from line 2 on are not in the archive"):
            await import_from(archive, content)


async def test_an_entry_that_does_not_follow_the_last_one_is_refused(maker: ArchiveMaker) -> None:
    async with opened(MAKERS["sqlite"]) as source, opened(maker) as archive:
        branch = chain("room", b"3", first=3)[0]._replace(prev=1)
        await source.append([*chain("room", b"1"), branch])
        content = await exported(source)
        await archive.append(chain("room", b"1", b"2"))
        with pytest.raises(TransferError, match=r"line 3: the room 'room' has another entry 2"):
            await import_from(archive, content)


HEADER = b'{"format":"hubbub-export","version":1}\n'
ENTRY = b'{"room":"r","epoch":"e","prev":0,"offset":1,"at":1,"key":"","author":{},"payload":{}}\n'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is no export of hubbub"),
        (b"\x00\xff\n", "is no export of hubbub"),
        (b'{"type":"version","version":1}\n', "--from mattermost"),
        (HEADER.replace(b"1", b"2"), "written by a newer hubbub: its format is version 2"),
        (HEADER, "cut off behind line 1"),
        (HEADER + ENTRY, "cut off behind line 2"),
        (HEADER + ENTRY[:40], "line 2: it is not an entry"),
        (HEADER + ENTRY + b"\n", "line 3: it is not an entry"),
        (HEADER + ENTRY.replace(b'"offset":1', b'"offset":0'), "line 2: .*>= 1.*offset"),
        (HEADER + ENTRY.replace(b'"payload":{}', b'"payload_base64":"?"'), "line 2: it is not an entry"),
        (HEADER + ENTRY.replace(b',"payload":{}', b""), "line 2: .*payload"),
        (HEADER + ENTRY.replace(b'"e"', b'"\xff"'), "line 2: it is not an entry"),
        (HEADER + ENTRY + ENTRY, "line 3: the entries are not in order"),
        (HEADER + ENTRY + ENTRY.replace(b'"e"', b'"f"') + ENTRY, "line 4: the epoch 'e' .* two places"),
        (HEADER + ENTRY + b'{"entries":2}\n', "line 3: the export ends here with 2 entries"),
        (HEADER + b'{"entries":0}\n' + ENTRY, "line 2: the export ends here"),
        (HEADER + b"[" * 17_000_000, "line 2: it is longer than"),
        (HEADER + ENTRY.replace(b"{}}", b"[" * 5_000 + b"]" * 5_000 + b"}"), "line 2: it is not an entry"),
    ],
)
async def test_a_file_that_cannot_be_imported_is_reported_with_the_line(
    archive: Archive, content: bytes, reason: str
) -> None:
    with pytest.raises(TransferError, match=re.compile(reason)):
        await import_from(archive, content)
