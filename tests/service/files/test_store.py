"""Each storage keeps the promises of the contract, FS1 to FS8."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from service.files.bucket import Bucket
from service.files.folder import FolderStore
from service.files.objects import ObjectStore
from service.files.store import PART, Store
from tests.service.files.stores import SIGNER

NAME = "ab.content"


@pytest.fixture(params=["folder", "s3"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    """Return what opens one storage on another node."""
    if request.param == "folder":
        return lambda: FolderStore(tmp_path / "files")
    address = request.getfixturevalue("s3_address")
    return lambda: ObjectStore(Bucket(address, SIGNER))


@pytest.fixture
async def store(opened: Callable[[], Store]) -> Store:
    store = opened()
    await store.start()
    return store


async def parts(*some: bytes) -> AsyncIterator[bytes]:
    for each in some:
        yield each


async def failing() -> AsyncIterator[bytes]:
    yield b"half"
    raise ConnectionError


async def blobs(store: Store) -> list[tuple[str, int]]:
    return sorted([(blob.name, blob.size) async for blob in store.blobs()])


async def test_a_blob_is_stored_once_and_read_by_every_node(
    store: Store, opened: Callable[[], Store]
) -> None:
    assert await store.put(NAME, b"one")
    assert not await store.put(NAME, b"two")
    assert not await store.write(NAME, parts(b"three"))
    other = opened()
    assert await other.get(NAME) == b"one"
    assert await other.put(NAME, b"four", replace=True)
    assert await store.get(NAME) == b"four"
    assert await store.get("none") is None


async def test_of_several_writers_one_succeeds(store: Store) -> None:
    stored = await asyncio.gather(*(store.write(NAME, parts(bytes([each]))) for each in range(8)))
    assert sum(stored) == 1
    assert [part async for part in store.read(NAME, 0, 9)] == [bytes([stored.index(True)])]


async def test_a_write_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ConnectionError):
        await store.write(NAME, failing())
    assert await blobs(store) == []
    assert await store.write(NAME, parts(b"whole"))


async def test_a_range_is_read_in_bounded_parts(store: Store) -> None:
    content = os.urandom(PART * 2 + 5)
    assert await store.write(NAME, parts(content[:7], content[7:]))
    found = [part async for part in store.read(NAME, 3, PART + 1)]
    assert [len(part) for part in found] == [PART, 1]
    assert b"".join(found) == content[3 : PART + 4]
    assert b"".join([part async for part in store.read(NAME, 9, len(content))]) == content[9:]
    assert [part async for part in store.read(NAME, len(content), 9)] == []
    assert [part async for part in store.read("none", 0, 9)] == []


async def test_blobs_are_listed_with_their_times_and_removed(store: Store) -> None:
    await store.put(NAME, b"one")
    await store.put("cd.record", b"four")
    assert await blobs(store) == [(NAME, 3), ("cd.record", 4)]
    [first, second] = [blob.at async for blob in store.blobs()]
    assert abs(first - second) < 60
    await store.remove(NAME)
    await store.remove(NAME)
    assert await blobs(store) == [("cd.record", 4)]
