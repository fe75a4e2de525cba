"""`hubbub-chat send`: send messages, and wait until they are stored."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hubbub_cli import options, stdin
from hubbub_cli.credentials import credentials, own_session
from hubbub_cli.exit_codes import ExitCode
from hubbub_cli.line_ends import with_newlines
from hubbub_cli.outgoing import OutgoingMessage, SendTarget
from hubbub_cli.sent_receipt import print_receipt
from hubbub_cli.settings import CliSettings, may_use_proxy
from hubbub_cli.stable_user import with_stable_user
from hubbub_client.keys import new_key

if TYPE_CHECKING:
    from hubbub_cli.uploads import LocalFile

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A server takes no more (B96).
_MOST_FILES: Final = 4


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
    to = SendTarget(room=room, reply_to=reply_to, timeout=timeout)
    if words is None and send_on == "line":
        ctx.exit(_send_lines(settings, to, key))
    _send_one(settings, to, _message(words, key, paths))


def _message(words: str | None, key: str | None, paths: tuple[Path, ...]) -> OutgoingMessage:
    """Return the one message. It has a key also without `--id`: more than one attempt may send it."""
    files: tuple[LocalFile, ...] = ()
    if paths:
        from hubbub_cli.uploads import local_file

        files = tuple(map(local_file, paths))
    return OutgoingMessage(stdin.everything() if words is None else words, key or new_key(), files=files)


def _send_lines(settings: CliSettings, to: SendTarget, key: str | None) -> ExitCode:
    import asyncio

    from hubbub_cli.sending import SendRun, each_line

    return asyncio.run(SendRun(settings, to).all(each_line(key)))


def _send_one(settings: CliSettings, to: SendTarget, message: OutgoingMessage) -> None:
    """Send a message on the quick path; if that is not possible, with the full client."""
    who = own_session(credentials(settings, speaks=True))
    attempt = None
    if is_usual(settings, message):
        from hubbub_cli.quick_send import QuickSend

        attempt = QuickSend(settings, to, message, who)
        receipt = attempt.run()
        if receipt is not None:
            return print_receipt(settings, attempt.room, receipt)
    import asyncio

    from hubbub_cli.sending import SendRun

    run = SendRun(settings, to, who)
    if attempt is None or not attempt.was_online:
        asyncio.run(run.one(message, 0 if attempt is None else attempt.spent))
    else:
        asyncio.run(run.resumed(message, joined=attempt.joined, spent=attempt.spent))
    return None


def is_usual(settings: CliSettings, message: OutgoingMessage) -> bool:
    """Return whether the quick path can send a message: it has neither TLS, proxies, retries nor files."""
    plain = settings.server.startswith("ws:") and not may_use_proxy()
    return plain and settings.retry is None and not message.files
