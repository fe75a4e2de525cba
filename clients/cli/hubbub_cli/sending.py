"""Send messages with the client of the SDK, which reconnects until the time is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from hubbub_cli import stdin_lines
from hubbub_cli.connection import client, connected, enter, explained
from hubbub_cli.credentials import Credentials
from hubbub_cli.errors import BadInput, CliError, NoReply, RejectedByServer
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.outgoing import OutgoingMessage, SendTarget
from hubbub_cli.output import TerminalOutput
from hubbub_cli.progress import Progress
from hubbub_cli.sanitize import sanitize
from hubbub_cli.sent_receipt import print_receipt
from hubbub_cli.settings import CliSettings
from hubbub_client import File, Position, Room
from hubbub_client.keys import new_key
from hubbub_client.page_calls import CALLS
from hubbub_client.sans_io import inputs

_LONGEST_KEY: Final = 64


async def each_line(key: str | None) -> AsyncIterator[OutgoingMessage]:
    """Yield the lines of standard input; the number of each is appended to the key.

    Raises:
        BadInput: the input is invalid.
    """
    number = 0
    try:
        async for line in stdin_lines.lines():
            number += 1
            if line.strip():
                yield OutgoingMessage(line, new_key() if key is None else _numbered(key, number), number)
    except BadInput as error:
        raise BadInput(f"line {number + 1}: {error}", code=error.code) from error


def _numbered(key: str, number: int) -> str:
    return f"{key[: _LONGEST_KEY - len(str(number)) - 1]}-{number}"


class SendRun:
    """Sends one message at a time, so that the order is kept."""

    def __init__(self, settings: CliSettings, to: SendTarget, who: Credentials | None = None) -> None:
        self._settings = settings
        self._to = to
        self._who = who
        self._progress = Progress("sent", shown=not settings.quiet)

    async def all(self, messages: AsyncIterator[OutgoingMessage]) -> ExitCode:
        """Send all messages; return the exit code of the first failure."""
        code = ExitCode.OK
        # Standard input may be slow: connect only once there is a message.
        message = await anext(messages, None)
        if message is None:
            return code
        async with connected(self._settings, speaks=True, who=self._who) as chat:
            room = await enter(chat, self._to.room, self._to.timeout)
            try:
                while message is not None:
                    code = await self._send_or_report(room, message) or code
                    message = await anext(messages, None)
            finally:
                self._progress.erase()
        return code

    async def one(self, message: OutgoingMessage, spent: float = 0) -> None:
        """Send a message. `spent` is how many seconds of the connect timeout an earlier attempt used."""
        async with connected(self._settings, speaks=True, who=self._who, spent=spent) as chat:
            await self._send(await enter(chat, self._to.room, self._to.timeout), message)

    async def resumed(self, message: OutgoingMessage, *, joined: bool, spent: float) -> None:
        """Send a message after an attempt that was online, and had waited for the join, or the reply.

        It reconnects until the rest of that time is over, as a client that loses its connection.
        """
        left = self._to.timeout - spent
        if left > 0:
            with suppress(TimeoutError):
                return await self._again(message, left, joined=joined)
        call = CALLS[inputs.SendRequested if joined else inputs.JoinRequested]
        what = sanitize(f"{call} {self._to.room!r} took longer than {self._to.timeout:g} s")
        raise NoReply(f"no reply in time: {what}", code="timeout")

    async def _again(self, message: OutgoingMessage, left: float, *, joined: bool) -> None:
        async with asyncio.timeout(left) as limit:
            with explained(self._settings):
                async with client(self._settings, speaks=True, listener=True, who=self._who) as chat:
                    room = await enter(chat, self._to.room, self._to.timeout)
                    if not joined:
                        limit.reschedule(None)
                    await self._send(room, message)

    async def _send_or_report(self, room: Room, message: OutgoingMessage) -> ExitCode:
        """Send a line; report its rejection, and return the exit code of that."""
        try:
            await self._send(room, message)
        except RejectedByServer as error:
            self._progress.erase()
            TerminalOutput.of(self._settings).error(str(error))
            return error.exit_code
        self._progress.add()
        return ExitCode.OK

    async def _send(self, room: Room, message: OutgoingMessage) -> None:
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
                    within=self._to.timeout,
                )
        except UnicodeEncodeError as error:
            raise BadInput(f"{where}the text is not UTF-8", code="invalid") from error
        except CliError as error:
            raise type(error)(f"{where}{error}", code=error.code) from error
        print_receipt(self._settings, room.name, receipt, files)

    async def _uploaded(self, room: Room, message: OutgoingMessage) -> list[File]:
        """Upload the files of a message, one after the other."""
        if not message.files:
            return []
        from hubbub_cli.uploads import upload

        return [await upload(self._settings, room, file) for file in message.files]

    def _target(self, room: Room) -> Position | None:
        """Return the message that is replied to, in the room as it is now."""
        if self._to.reply_to is None or room.position is None:
            return None
        return Position(epoch=room.position.epoch, offset=self._to.reply_to)
