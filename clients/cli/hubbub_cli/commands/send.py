"""`hubbub-chat send`: send messages, and wait until they are stored."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from msgspec import Struct

from hubbub_cli import options, stdin
from hubbub_cli.connection import connected, enter, explained
from hubbub_cli.errors import BadInput, CliError, RejectedByServer
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.line_ends import with_newlines
from hubbub_cli.message_lines import VERSION, file_json
from hubbub_cli.output import Json, TerminalOutput, to_json
from hubbub_cli.progress import Progress
from hubbub_cli.settings import CliSettings
from hubbub_cli.stable_user import with_stable_user
from hubbub_client import File, Position, Room, SendReceipt

if TYPE_CHECKING:
    from hubbub_cli.uploads import LocalFile

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_KEY: Final = 64
# A server takes no more (B96).
_MOST_FILES: Final = 4


class _Outgoing(Struct, frozen=True):
    """A message to send. `line` is its line number if each line is a message."""

    text: str
    key: str | None
    line: int | None = None
    files: "tuple[LocalFile, ...]" = ()


@click.command("send", short_help="Send TEXT to ROOM, and wait until it is stored.")
@click.argument("room")
@click.argument("text", nargs=-1, metavar="[TEXT|-]...")
@click.option(
    "--file",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="A file to send with the message, up to four times. Standard input is then read only for -.",
)
@click.option(
    "--send-on",
    type=click.Choice(["eof", "line"]),
    default="eof",
    show_default=True,
    help="Send standard input as one message, or each line as one (empty lines are skipped).",
)
@click.option(
    "--id",
    "key",
    metavar="KEY",
    help="The idempotency key: a duplicate within five minutes is not stored. "
    "With --send-on line, the line number is appended.",
)
@click.option(
    "--reply-to",
    type=options.WholeNumber(1),
    metavar="OFFSET",
    help="The offset of the message that this one replies to.",
)
@click.option(
    "--timeout",
    type=options.Duration(),
    default=10.0,
    metavar="TIME",
    help="The timeout of a message.  [10s]",
)
@options.as_json
@options.shared
@click.pass_context
def command(
    ctx: click.Context,
    room: str,
    text: tuple[str, ...],
    *,
    paths: tuple[Path, ...],
    send_on: str,
    key: str | None,
    reply_to: int | None,
    timeout: float,
) -> None:
    """Send TEXT, or standard input, to ROOM, and wait until the server has stored it."""
    settings = options.chosen(ctx)
    words = with_newlines(" ".join(text)) if text != ("-",) and (text or paths) else None
    if paths and (send_on == "line" or len(paths) > _MOST_FILES):
        raise click.UsageError(
            f"A message has at most {_MOST_FILES} files, and --send-on line sends many messages.", ctx
        )
    if words is None and not text and stdin.is_terminal():
        raise click.UsageError("No text. Give TEXT as an argument, or - to read standard input.", ctx)
    if key is not None and not _KEY.fullmatch(key):
        raise click.BadParameter(
            f"Invalid key {key!r}: use 1 to 64 characters of A-Z a-z 0-9 _ -", ctx, param_hint="--id"
        )
    if key is not None:
        settings = with_stable_user(settings, "--id cannot deduplicate")
    messages = _lines(key) if words is None and send_on == "line" else _one(words, key, paths)
    sender = _SendRun(settings, TerminalOutput.of(settings), room, timeout, reply_to)
    ctx.exit(asyncio.run(sender.run(messages)))


async def _one(words: str | None, key: str | None, paths: tuple[Path, ...]) -> AsyncIterator[_Outgoing]:
    files: tuple[LocalFile, ...] = ()
    if paths:
        from hubbub_cli.uploads import local_file

        files = tuple(map(local_file, paths))
    yield _Outgoing(await stdin.everything() if words is None else words, key, files=files)


async def _lines(key: str | None) -> AsyncIterator[_Outgoing]:
    number = 0
    try:
        async for line in stdin.lines():
            number += 1
            if line.strip():
                yield _Outgoing(line, None if key is None else _numbered(key, number), number)
    except BadInput as error:
        raise BadInput(f"line {number + 1}: {error}", code=error.code) from error


def _numbered(key: str, number: int) -> str:
    return f"{key[: _LONGEST_KEY - len(str(number)) - 1]}-{number}"


class _SendRun:
    """Sends one message at a time, so that the order is kept."""

    def __init__(
        self, settings: CliSettings, output: TerminalOutput, room: str, timeout: float, reply_to: int | None
    ) -> None:
        self._settings = settings
        self._output = output
        self._room = room
        self._timeout = timeout
        self._reply_to = reply_to
        self._progress = Progress("sent", shown=not settings.quiet)

    async def run(self, messages: AsyncIterator[_Outgoing]) -> ExitCode:
        """Send all messages; return the exit code of the first failure."""
        code = ExitCode.OK
        # Standard input may be slow: connect only once there is a message.
        message = await anext(messages, None)
        if message is None:
            return code
        async with connected(self._settings, speaks=True) as chat:
            room = await enter(chat, self._room, self._timeout)
            try:
                while message is not None:
                    code = await self._send_or_report(room, message) or code
                    message = await anext(messages, None)
            finally:
                self._progress.erase()
        return code

    async def _send_or_report(self, room: Room, message: _Outgoing) -> ExitCode:
        """Send; report the rejection of one line of several, and return its exit code."""
        try:
            await self._send(room, message)
        except RejectedByServer as error:
            if message.line is None:
                raise
            self._progress.erase()
            self._output.error(str(error))
            return error.exit_code
        self._progress.add()
        return ExitCode.OK

    async def _send(self, room: Room, message: _Outgoing) -> None:
        where = "" if message.line is None else f"line {message.line}: "
        try:
            message.text.encode()
            files = await self._uploaded(room, message)
            with explained(self._settings):
                receipt = await room.send(
                    message.text,
                    message.key,
                    reply_to=self._target(room),
                    files=files,
                    within=self._timeout,
                )
        except UnicodeEncodeError as error:
            raise BadInput(f"{where}the text is not UTF-8", code="invalid") from error
        except CliError as error:
            raise type(error)(f"{where}{error}", code=error.code) from error
        if self._settings.json:
            self._output.data(to_json(_record(room.name, receipt, files)))
        else:
            self._output.detail(f"stored at {receipt.position.offset}{' (duplicate)' * receipt.duplicate}")

    async def _uploaded(self, room: Room, message: _Outgoing) -> list[File]:
        """Upload the files of a message, one after the other."""
        if not message.files:
            return []
        from hubbub_cli.uploads import upload

        return [await upload(self._settings, room, file) for file in message.files]

    def _target(self, room: Room) -> Position | None:
        """Return the message that is replied to, in the room as it is now."""
        if self._reply_to is None or room.position is None:
            return None
        return Position(epoch=room.position.epoch, offset=self._reply_to)


def _record(room: str, receipt: SendReceipt, files: list[File]) -> dict[str, Json]:
    record: dict[str, Json] = {
        "v": VERSION,
        "type": "sent",
        "room": room,
        "key": receipt.key,
        "epoch": receipt.position.epoch,
        "offset": receipt.position.offset,
        "duplicate": receipt.duplicate,
    }
    return record | {"files": [file_json(file) for file in files]} if files else record
