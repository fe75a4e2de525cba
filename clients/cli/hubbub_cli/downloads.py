"""Save the files of a message on this machine, without overwriting any."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from hubbub_cli.errors import BadInput, CannotConnect
from hubbub_cli.http_api import HttpServer
from hubbub_cli.progress import ByteProgress
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_client import File, file_path

_CHUNK: Final = 65_536
_LONGEST: Final = 120
STANDARD_OUTPUT: Final = Path("-")


class _Sink(Protocol):
    def write(self, data: bytes, /) -> int: ...


def local_name(name: str) -> str:
    """Return what a file of a message is called here. The name is from a server: it stays in its folder."""
    plain = "".join("_" if char in '/\\:*?"<>|' else char for char in sanitize(name)).strip().lstrip(".")
    stem, ending = os.path.splitext(plain)  # noqa: PTH122  a name, no path
    return f"{stem[: _LONGEST - len(ending)]}{ending[:_LONGEST]}" or "file"


def _names(into: Path, name: str) -> Iterator[Path]:
    """Yield the paths to try: a folder gets a free name, a file is called as it is."""
    if not into.is_dir():
        yield into
        return
    plain = Path(name)
    yield into / name
    yield from (into / f"{plain.stem} ({number}){plain.suffix}" for number in count(1))


def _create(into: Path, name: str) -> tuple[Path, BinaryIO]:
    for path in _names(into, name):
        try:
            return path, path.open("xb")
        except FileExistsError:
            if path is into:
                break
    raise BadInput(f"{sanitize(str(into))} exists: remove it, or choose another name", code="exists")


async def download(settings: CliSettings, file: File, into: Path) -> Path:
    """Save a file in a folder or under a name; return where it is. `-` is standard output.

    Raises:
        CliError: it exists no longer, cannot be written, or the server cannot be reached.
    """
    progress = ByteProgress(sanitize(file.name), file.size, shown=not settings.quiet)
    copy = _Copy(HttpServer(settings), file, progress)
    try:
        if into == STANDARD_OUTPUT:
            await asyncio.to_thread(copy.run, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return into
        path, opened = _create(into, local_name(file.name))
        try:
            with opened:
                await asyncio.to_thread(copy.run, opened)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise BadInput(f"cannot write {sanitize(str(into))}: {error.strerror}", code="output") from error
    finally:
        copy.interrupted = True
        progress.erase()
    return path


class _Copy:
    """Copies a file of the server, in a thread."""

    def __init__(self, server: HttpServer, file: File, progress: ByteProgress) -> None:
        self._server = server
        self._file = file
        self._progress = progress
        self.interrupted = False

    def run(self, sink: _Sink) -> None:
        """Copy the bytes that were announced.

        Raises:
            CliError: there are fewer.
        """
        failure: OSError | None = None
        left = self._file.size
        with self._server.opened(file_path(self._file), {}) as answer:
            while left and not self.interrupted and (data := answer.read(min(_CHUNK, left))):
                left -= len(data)
                try:
                    sink.write(data)
                except OSError as error:
                    # Not to be mistaken for one of the connection.
                    failure = error
                    break
                self._progress.add(len(data))
        if failure is not None:
            raise failure
        if left:
            words = f"the connection was lost, {left:,} of {self._file.size:,} bytes are missing: try again"
            raise CannotConnect(words, code="lost")
