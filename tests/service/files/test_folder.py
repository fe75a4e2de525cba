"""The storage in a folder: what only it does."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.files.errors import StoreUnavailable
from service.files.folder import FolderStore

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


async def test_a_write_that_fails_leaves_nothing(store: FolderStore, tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        await store.write(NAME, failing())
    assert files_in(tmp_path) == []
    assert await store.write(NAME, parts(b"whole"))


async def test_leftovers_leave(store: FolderStore, tmp_path: Path) -> None:
    await store.put(NAME, b"one")
    await store.put("cd.record", b"four")
    leftover = tmp_path / "files" / "ab" / ".part-0"
    leftover.write_bytes(b"of a node that was killed")
    (tmp_path / "files" / "readme").write_bytes(b"not ours")
    assert leftover.exists()
    await names(store)
    assert leftover.exists()
    os.utime(leftover, (0, 0))
    assert await names(store) == [NAME, "cd.record"]
    assert not leftover.exists()


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
