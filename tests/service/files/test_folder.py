"""The storage in a folder keeps the promises of the contract, FS1 to FS8."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.files.errors import StoreUnavailable
from service.files.folder import PART, FolderStore

NAME = "ab.content"


@pytest.fixture
async def store(tmp_path: Path) -> FolderStore:
    opened = FolderStore(tmp_path / "files")
    await opened.start()
    return opened


async def parts(*some: bytes) -> AsyncIterator[bytes]:
    for each in some:
        yield each


async def failing() -> AsyncIterator[bytes]:
    yield b"half"
    raise ConnectionError


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def names(store: FolderStore) -> list[str]:
    return [blob.name async for blob in store.blobs()]


async def test_a_blob_is_stored_once_and_read_by_every_node(store: FolderStore, tmp_path: Path) -> None:
    assert await store.put(NAME, b"one")
    assert not await store.put(NAME, b"two")
    assert not await store.write(NAME, parts(b"three"))
    other = FolderStore(tmp_path / "files")
    assert await other.get(NAME) == b"one"
    assert await other.put(NAME, b"four", replace=True)
    assert await store.get(NAME) == b"four"
    assert await store.get("none") is None


async def test_of_several_writers_one_succeeds(store: FolderStore) -> None:
    stored = await asyncio.gather(*(store.write(NAME, parts(bytes([each]))) for each in range(8)))
    assert sum(stored) == 1
    assert [part async for part in store.read(NAME, 0, 9)] == [bytes([stored.index(True)])]


async def test_a_write_that_fails_leaves_nothing(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        await store.write(NAME, failing())
    assert files_in(tmp_path) == []
    assert await store.write(NAME, parts(b"whole"))


async def test_a_range_is_read_in_bounded_parts(store: FolderStore) -> None:
    content = os.urandom(PART * 2 + 5)
    assert await store.write(NAME, parts(content[:7], content[7:]))
    found = [part async for part in store.read(NAME, 3, PART + 1)]
    assert [len(part) for part in found] == [PART, 1]
    assert b"".join(found) == content[3 : PART + 4]
    assert [part async for part in store.read("none", 0, 9)] == []


async def test_blobs_are_listed_and_removed_and_leftovers_leave(store: FolderStore, tmp_path: Path) -> None:
    await store.put(NAME, b"one")
    await store.put("cd.record", b"four")
    assert [(blob.name, blob.size) async for blob in store.blobs()] == [(NAME, 3), ("cd.record", 4)]
    leftover = tmp_path / "files" / "ab" / ".part-0"
    leftover.write_bytes(b"of a node that was killed")
    (tmp_path / "files" / "readme").write_bytes(b"not ours")
    assert leftover.exists()
    await names(store)
    assert leftover.exists()
    os.utime(leftover, (0, 0))
    assert await names(store) == [NAME, "cd.record"]
    assert not leftover.exists()
    await store.remove(NAME)
    await store.remove(NAME)
    assert await names(store) == ["cd.record"]


async def test_a_storage_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(b"a file")
    store = FolderStore(tmp_path / "files")
    with pytest.raises(StoreUnavailable, match="The storage of files fails: File exists"):
        await store.start()
    for call in (store.put(NAME, b""), store.write(NAME, parts(b"")), store.remove(NAME), names(store)):
        with pytest.raises(StoreUnavailable):
            await call


async def test_files_are_private(store: FolderStore, tmp_path: Path) -> None:
    await store.put(NAME, b"one")
    assert (tmp_path / "files").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "files" / "ab" / NAME).stat().st_mode & 0o777 == 0o600
