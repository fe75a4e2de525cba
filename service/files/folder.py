"""A storage in a folder, which several nodes may share.

A blob is a file in one of 256 folders, by the first two characters of its name. It is written under another
name first, and then linked: a link fails if the name is in use.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from typing_extensions import override

from service.files.errors import StoreUnavailable
from service.files.store import PART, Blob, Store

T = TypeVar("T")

# The beginning of a name that belongs to no blob yet, and how long such a file may be there (seconds).
_PARTIAL: Final = ".part-"
_PARTIAL_SECONDS: Final = 3600.0


class FolderStore(Store):
    """Stores blobs as files below a folder. All calls run in threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @override
    async def start(self) -> None:
        await _call(lambda: self._folder.mkdir(mode=0o700, parents=True, exist_ok=True))

    @override
    async def put(self, name: str, content: bytes, *, replace: bool = False) -> bool:
        return await _call(lambda: self._put(name, content, replace=replace))

    @override
    async def get(self, name: str) -> bytes | None:
        return await _call(lambda: _content(self._path(name)))

    @override
    async def write(self, name: str, parts: AsyncIterator[bytes]) -> bool:
        if await _call(self._path(name).exists):
            return False
        partial = await _call(lambda: self._partial(name))
        try:
            with await _call(lambda: _create(partial)) as file:
                async for part in parts:
                    await _call(lambda written=part: file.write(written))  # type: ignore[misc]
                await _call(lambda: _sync(file))
            return await _call(lambda: self._link(partial, name))
        finally:
            await asyncio.shield(_call(lambda: partial.unlink(missing_ok=True)))

    @override
    async def read(self, name: str, start: int, size: int) -> AsyncIterator[bytes]:
        file = await _call(lambda: _open(self._path(name), start))
        if file is None:
            return
        with file:
            while size > 0 and (part := await _call(lambda: file.read(min(PART, size)))):  # noqa: B023  awaited
                size -= len(part)
                yield part

    @override
    async def remove(self, name: str) -> None:
        await _call(lambda: self._path(name).unlink(missing_ok=True))

    @override
    async def blobs(self) -> AsyncIterator[Blob]:
        for folder in await _call(lambda: sorted(self._folder.iterdir())):
            for blob in await _call(lambda: list(_blobs_of(folder))):  # noqa: B023  awaited
                yield blob

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _partial(self, name: str) -> Path:
        """Return an unused name beside a blob."""
        folder = self._path(name).parent
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{_PARTIAL}{secrets.token_hex(8)}"

    def _put(self, name: str, content: bytes, *, replace: bool) -> bool:
        partial = self._partial(name)
        try:
            with _create(partial) as file:
                file.write(content)
                _sync(file)
            if not replace:
                return self._link(partial, name)
            partial.replace(self._path(name))
            return True
        finally:
            partial.unlink(missing_ok=True)

    def _link(self, partial: Path, name: str) -> bool:
        try:
            os.link(partial, self._path(name))
        except FileExistsError:
            return False
        return True


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _open(path: Path, start: int) -> BinaryIO | None:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    file.seek(start)
    return file


def _blobs_of(folder: Path) -> Iterator[Blob]:
    """Yield the blobs of a folder; remove what an interrupted call left there."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if not entry.name.startswith(_PARTIAL):
                    yield Blob(entry.name, status.st_size, status.st_mtime)
                elif status.st_mtime < time.time() - _PARTIAL_SECONDS:
                    Path(entry.path).unlink(missing_ok=True)


async def _call(work: Callable[[], T]) -> T:
    """Run a call of the system in a thread."""
    with _translated():
        return await asyncio.to_thread(work)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"The storage of files fails: {error.strerror or error}.") from error
