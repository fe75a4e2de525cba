"""What `edit`, `delete` and `react` share: they change one message of a room."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import click

from hubbub_cli import options
from hubbub_cli.connection import connected, enter, explained
from hubbub_cli.errors import NoReply
from hubbub_cli.message_lines import VERSION
from hubbub_cli.output import TerminalOutput, to_json
from hubbub_cli.settings import CliSettings
from hubbub_cli.stable_user import with_stable_user
from hubbub_client import Position, Room, SendReceipt

MessageChange = Callable[[Room, Position], Awaitable[SendReceipt]]

offset: Final = partial(click.argument, "offset", type=options.WholeNumber(1))
epoch: Final = partial(
    click.option,
    "--epoch",
    metavar="EPOCH",
    help="The epoch of the message, as tail --json prints it: a message of an earlier one is not changed.",
)
timeout: Final = partial(
    click.option,
    "--timeout",
    type=options.Duration(),
    default=10.0,
    metavar="TIME",
    help="The timeout of the command.  [10s]",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTarget:
    """The message to change."""

    room: str
    offset: int
    epoch: str | None
    timeout: float


def change(settings: CliSettings, target: ChangeTarget, doing: MessageChange) -> None:
    """Change a message, and print the receipt.

    Raises:
        CliError: the change is not stored.
    """
    settings = with_stable_user(settings, "another user's message cannot be changed")
    asyncio.run(_change(settings, TerminalOutput.of(settings), target, doing))


async def _change(
    settings: CliSettings, output: TerminalOutput, target: ChangeTarget, doing: MessageChange
) -> None:
    async with connected(settings, speaks=True) as chat:
        room = await enter(chat, target.room, target.timeout)
        at = room.position
        if at is None:
            raise NoReply("the connection was lost; try again", code="unavailable")
        message = Position(epoch=target.epoch or at.epoch, offset=target.offset)
        with explained(settings):
            receipt = await doing(room, message)
    if settings.json:
        output.data(to_json(_record(target, receipt)))
    else:
        output.detail(f"stored at {receipt.position.offset}")


def _record(target: ChangeTarget, receipt: SendReceipt) -> dict[str, str | int]:
    return {
        "v": VERSION,
        "type": "changed",
        "room": target.room,
        "target": target.offset,
        "key": receipt.key,
        "epoch": receipt.position.epoch,
        "offset": receipt.position.offset,
    }
