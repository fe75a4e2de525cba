"""Archives with all that an export has to keep, and their exports."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from archive.base import Archive, ArchiveOptions, Author
from archive.testing.samples import chain, numbered
from archive.testing.storage import ArchiveMaker
from brokers.base import Entry
from hubbub_protocol.folding import ChangeKind
from service.archiving.entries import archived
from service.transfer.exporting import export
from service.transfer.importing import Imported, Importer, read_lines
from service.wire.messages import ChangePayload, MessagePayload, encode_stored

AT = 1_700_000_000_000


@asynccontextmanager
async def opened(maker: ArchiveMaker) -> AsyncIterator[Archive]:
    async with maker(ArchiveOptions(url="")) as storage:
        archive = storage.archive()
        await archive.start()
        yield archive
        await archive.close()


async def fill(archive: Archive) -> None:
    """Store rooms with several epochs, changes, a gap, and payloads that are no JSON."""
    payloads: list[MessagePayload | ChangePayload] = [
        MessagePayload("k1", "Ann", "g:1", "guest", 'über \n "alles" \u2028', AT),
        MessagePayload("k2", "Bob", "u1", "verified", "ja", AT + 1, reply_to=1),
        ChangePayload(ChangeKind.EDIT, 1, "k3", "Ann", "g:1", "guest", AT + 2, text="neu"),
        ChangePayload(ChangeKind.REACT, 1, "k4", "Bob", "u1", "verified", AT + 3, emoji="🎉"),
    ]
    await archive.append(
        [
            archived(Entry("lobby", "new", offset - 1, offset, encode_stored(each)), each.key, each.at)
            for offset, each in enumerate(payloads, 1)
        ]
    )
    await archive.append(chain("\x00", b"", b"\xff\xfe", b" {}", b'{"a":\n1}', b"null", epoch="zulu"))
    await archive.append(chain("\x00", b"{}", first=9, epoch="alpha"))
    await archive.append(chain("\x00", b'"\\ud800"', b"1 2", first=12, epoch="alpha"))
    await archive.append([entry._replace(author=Author()) for entry in numbered("many", 450, first=7)])


async def exported(archive: Archive, room: str | None = None) -> bytes:
    out = io.BytesIO()
    await export(archive, out, room=room)
    return out.getvalue()


async def import_from(archive: Archive, content: bytes, prefix: str = "") -> Imported:
    return await Importer(archive, prefix).run(read_lines(io.BytesIO(content)))
