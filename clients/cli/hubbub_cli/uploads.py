"""Upload files of this machine, for the message that they are sent with."""

import asyncio
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from hubbub_cli.connection import explained
from hubbub_cli.errors import BadInput
from hubbub_cli.http_api import HttpServer
from hubbub_cli.progress import ByteProgress
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_client import File, Room, upload_path
from hubbub_protocol.names import file_fault

# What a file is that has no known ending.
_ANY: Final = "application/octet-stream"
_MOST_ANSWER: Final = 65_536


class LocalFile(Struct, frozen=True):
    """A file to upload: where it is, what it is called there, and its media type."""

    path: Path
    size: int
    media: str


def typed_path(text: str) -> Path:
    """Return the path that a user has typed, where no shell has expanded ~.

    Raises:
        BadInput: there is no such home folder.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise BadInput(f"there is no home folder for {sanitize(text)}", code="no_file") from error


def local_file(path: Path) -> LocalFile:
    """Look at a file.

    Raises:
        BadInput: it cannot be read, is no regular file, is empty, or has a name that no server takes.
    """
    from mimetypes import guess_type

    shown = sanitize(str(path))
    try:
        found = path.stat()
        # Not opened yet: that would wait for the writer of a named pipe.
        if not S_ISREG(found.st_mode):
            raise BadInput(f"{shown} is not a regular file: save what it has in one", code="no_file")
        with path.open("rb"):
            size = found.st_size
    except OSError as error:
        raise _unreadable(path, error) from error
    if not size:
        raise BadInput(f"the file {shown} is empty", code="invalid")
    if fault := file_fault(path.name):
        raise BadInput(f"invalid file name {sanitize(path.name)!r}: it {fault}", code="invalid")
    media, compression = guess_type(path.name)
    return LocalFile(path, size, media if media and not compression else _ANY)


def _unreadable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"cannot read the file {sanitize(str(path))}: {error.strerror}", code="no_file")


class _Content:
    """The bytes of a file, as a request reads them, from a thread."""

    def __init__(self, file: BinaryIO, size: int, progress: ByteProgress) -> None:
        self._file = file
        self._left = size
        self._progress = progress
        self.interrupted = False

    def read(self, size: int, /) -> bytes:
        """Return the next bytes: no more than were announced, for a file that grows.

        Raises:
            BadInput: the file can't be read, or is shorter than it was.
        """
        try:
            data = b"" if self.interrupted else self._file.read(min(size, self._left))
        except OSError as error:
            raise BadInput(f"cannot read the file: {error.strerror}", code="no_file") from error
        if self._left and not data:
            raise BadInput("the file became shorter while it was read", code="invalid")
        self._left -= len(data)
        self._progress.add(len(data))
        return data


async def upload(settings: CliSettings, room: Room, file: LocalFile) -> File:
    """Upload a file to the server of a room, with progress on a terminal.

    Raises:
        CliError: the file cannot be read, or the server does not take it.
    """
    name = file.path.name
    with explained(settings):
        ticket = await room.ticket(name, file.size, file.media)
    progress = ByteProgress(sanitize(name), file.size, shown=not settings.quiet)
    server = HttpServer(settings)
    try:
        with file.path.open("rb") as opened:
            content = _Content(opened, file.size, progress)
            try:
                return await asyncio.to_thread(_put, server, upload_path(ticket.file), file, content)
            finally:
                # The thread of an interrupted command must not read on.
                content.interrupted = True
    except OSError as error:
        raise _unreadable(file.path, error) from error
    finally:
        progress.erase()


def _put(server: HttpServer, path: str, file: LocalFile, content: _Content) -> File:
    headers = {"Content-Length": str(file.size), "Content-Type": file.media}
    with server.opened(path, headers, content) as answer:
        return msgspec.json.decode(answer.read(_MOST_ANSWER), type=File)
