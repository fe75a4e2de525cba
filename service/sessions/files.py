"""Files of messages: the command `upload`, and messages that name uploaded files (FL1-FL4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from time import perf_counter
from typing import Final, NamedTuple

from brokers.base import Receipt
from brokers.errors import BrokerError
from hubbub_protocol import Code, events
from hubbub_protocol.commands import Send, Upload
from service.files.errors import FileRefused, StoreUnavailable
from service.files.files import Files
from service.files.uploads import ANY, Wanted
from service.identity.identity import Identity
from service.node import Node
from service.sessions import pushing, send
from service.sessions.errors import CommandError, rate_limited
from service.sessions.idempotency import new_key
from service.sessions.references import find_references
from service.sessions.session import Deferred, Session

# What a ticket costs of the connection's rate, besides the one of its frame.
TOKENS: Final = 5
# When a client may retry while the storage is away (seconds).
RETRY_AFTER: Final = 2.0
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")


class FileMessage(NamedTuple):
    """A message with files that is to be stored; `files` are their ids."""

    text: str
    files: Sequence[str]
    key: str | None = None
    reply_to: int | None = None


def require_files(node: Node) -> Files:
    """Return the files of the node. Raises `CommandError` if it stores none."""
    if node.files is None:
        raise CommandError(Code.UNKNOWN_TYPE, "This server takes no files.")
    return node.files


@contextmanager
def translated(node: Node) -> Iterator[None]:
    """Raise errors of files as those of commands, and count them."""
    try:
        yield
    except FileRefused as error:
        node.metrics.files_refused.add(error.code)
        raise CommandError(error.code, str(error), retry_after=error.retry_after) from error
    except StoreUnavailable as error:
        node.metrics.files_refused.add(Code.UNAVAILABLE)
        raise CommandError(Code.UNAVAILABLE, str(error), retry_after=RETRY_AFTER) from error


def upload(session: Session, command: Upload) -> Deferred:
    """Answer with a ticket to upload a file to a room (FL1)."""
    require_files(session.node)
    identity = session.require_identity()
    session.require_room(command.room)
    send.check_writer(session.node, identity, command.room)
    session.connection.charge(TOKENS)
    return partial(_upload, session, command, identity)


async def _upload(session: Session, command: Upload, identity: Identity) -> None:
    wanted = Wanted(command.name, command.size, media_type(command.media))
    ticket = await begin(session.node, identity, session.connection.address, command.room, wanted)
    expires = int(session.node.tuning.upload_ticket_seconds * 1000)
    session.write_event(events.Ticket(id=command.id, file=ticket, expires=expires))


async def begin(node: Node, identity: Identity, address: str, room: str, wanted: Wanted) -> str:
    """Return the id of a file that a user may upload. Raises `CommandError`."""
    with translated(node):
        return await require_files(node).uploads.begin(identity, address, room, wanted)


def media_type(text: str | None) -> str:
    """Return a media type without its parameters; a general one if the text is none."""
    kind = (text or "").partition(";")[0].strip().lower()
    return kind if _MEDIA_TYPE.fullmatch(kind) else ANY


def send_files(session: Session, command: Send) -> Deferred:
    """Publish a message with files, and acknowledge it when they belong to it (FL2)."""
    require_files(session.node)
    identity = session.require_identity()
    room = session.require_room(command.room)
    send.check_text(session.node, identity, command.room, command.text, may_be_empty=True)
    wait = session.take_send(identity, command.text)
    if wait:
        raise rate_limited("send", wait)
    if not room.log.end:
        send.begin(session.node, identity, session.connection.address, room)
    return partial(_send_files, session, command, identity)


async def _send_files(session: Session, command: Send, identity: Identity) -> None:
    message = FileMessage(command.text, command.files or (), command.key, command.reply_to)
    try:
        epoch, offset, duplicate = await publish(session.node, identity, command.room, message)
    except BrokerError as error:
        raise send.to_command_error(error) from error
    session.write_event(events.Sent(id=command.id, epoch=epoch, offset=offset, duplicate=duplicate))


async def publish(node: Node, identity: Identity, room: str, message: FileMessage) -> Receipt:
    """Store a message with files.

    The position is recorded before the answer: a client without an answer retries with the same key, so a
    message that was answered keeps its files.

    Raises:
        CommandError: a file can't belong to it, or the storage is away.
        BrokerError: the message is not stored, or not known to be.
    """
    attachments, key = require_files(node).attachments, message.key or new_key()
    with translated(node):
        files = await attachments.claim(identity, room, key, message.files)
    started = perf_counter()
    found = await find_references(node, identity, room, message.text, message.reply_to)
    stored = send.message_of(identity, message.text, key, message.reply_to, found, files=files)
    future = send.publish(node, identity, room, stored)
    pushing.notify(node, room, stored, future)
    receipt = await future
    send.count_stored(node.metrics, started)
    with translated(node):
        await attachments.stored(message.files, receipt.epoch, receipt.offset)
    return receipt
