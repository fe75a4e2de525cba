"""`python -m service export` and `import`: the history of the archive as a file, and back."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from archive.base import Archive, ArchivedEntry
from archive.errors import ArchiveError
from archive.registry import make_archive
from service.runtime.process import FAILED, USAGE
from service.settings import Settings, SettingsError, load
from service.transfer import mattermost, slack
from service.transfer.continuing import continuation
from service.transfer.errors import TransferError
from service.transfer.exporting import export
from service.transfer.importing import Importer, read_lines

_NEEDS: Final = (
    "The archive is the one of ARCHIVE_URL. One in SQLite belongs to one process: stop the server first."
)
_OTHERS: Final[dict[str, Callable[[Path], Iterator[tuple[int, ArchivedEntry]]]]] = {
    "slack": slack.read,
    "mattermost": mattermost.read,
}


def main(arguments: Sequence[str]) -> int:
    """Export or import; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return USAGE
    if not settings.archive_url:
        print("ARCHIVE_URL is not set: set it to the archive of the server.", file=sys.stderr)
        return USAGE
    work = _export if options.action == "export" else _import
    try:
        print(asyncio.run(work(settings, options)), file=sys.stderr)
    except TransferError as error:
        place = getattr(options, "file", None)
        print(f"{place}: {error}" if place else f"{error}", file=sys.stderr)
        return FAILED
    except (ArchiveError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service")
    actions = parser.add_subparsers(dest="action", required=True)
    command = actions.add_parser("export", help="write the history as lines of JSON", description=_NEEDS)
    command.add_argument("--room", help="only this room; by default all of them")
    command.add_argument("--out", type=Path, help="the file; by default the standard output")
    command = actions.add_parser("import", help="read what `export` has written", description=_NEEDS)
    command.add_argument("file", help="the file, or - for the standard input")
    command.add_argument(
        "--from", dest="source", choices=_OTHERS, help="the file is an export of this service"
    )
    command.add_argument("--prefix", default="", help="begin the names of all rooms with this")
    command.add_argument(
        "--archive-only",
        action="store_true",
        help="leave the broker as it is: only search may find what is imported",
    )
    return parser


async def _export(settings: Settings, options: argparse.Namespace) -> str:
    async with _opened(settings) as archive:
        with _written(options.out) as file:
            done = await export(archive, file, room=options.room)
        return f"Exported {done.entries} entries (rooms: {done.rooms}) from {archive.place}."


async def _import(settings: Settings, options: argparse.Namespace) -> str:
    with _entries(options.file, options.source) as entries:
        async with _opened(settings) as archive:
            wanted = not options.archive_only
            async with continuation(settings, shared=archive.shared, wanted=wanted) as rooms:
                done = await Importer(archive, options.prefix, continuation=rooms).run(entries)
            return (
                f"Imported {done.entries} entries (rooms: {done.rooms}) into {archive.place}; "
                f"{done.new} of them were new."
            )


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Archive]:
    archive = make_archive(settings.archive_options(settings.key_seconds))
    try:
        await archive.start()
        yield archive
    finally:
        await archive.close()


@contextmanager
def _written(path: Path | None) -> Iterator[BinaryIO]:
    """Open the file to write; under its name it is only found when it is complete."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = path.with_name(path.name + ".part")
    try:
        # Messages are for the operator only.
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _entries(place: str, source: str | None) -> Iterator[Iterator[tuple[int, ArchivedEntry]]]:
    if source is not None:
        yield _OTHERS[source](Path(place))
    elif place == "-":
        yield read_lines(sys.stdin.buffer)
    else:
        with Path(place).open("rb") as file:
            yield read_lines(file)
