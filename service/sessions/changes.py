"""The commands that change a message: edit, delete, react, unreact (CG1-CG5).

A change is checked against the message as this node knows it, and then stored in the room's order like a
message. Two nodes may accept changes of one message at the same time: the fold decides by their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter, time
from typing import Final, NamedTuple

from brokers.base import Receipt
from brokers.errors import BrokerError
from hubbub_protocol import Code, commands, events
from hubbub_protocol.emoji import emoji_fault
from hubbub_protocol.folding import ChangeKind
from service.identity.identity import Identity
from service.node import Node
from service.rooms.changes import Target
from service.rooms.room import Room
from service.sessions import send
from service.sessions.errors import CommandError, rate_limited
from service.sessions.idempotency import new_key
from service.sessions.mentions import Mentions
from service.sessions.session import Deferred, Session
from service.wire.messages import ChangePayload

# Edits of one message.
MAX_EDITS: Final = 100
# Reactions of one message at a time: different emoji, those of one user, and all.
MAX_EMOJI: Final = 50
MAX_REACTIONS_PER_USER: Final = 20
MAX_REACTIONS: Final = 500
# Entries of one message that add or remove a reaction.
MAX_REACTION_CHANGES: Final = 2_000

_KINDS: Final[dict[type[commands.Change], ChangeKind]] = {
    commands.Edit: ChangeKind.EDIT,
    commands.Delete: ChangeKind.DELETE,
    commands.React: ChangeKind.REACT,
    commands.Unreact: ChangeKind.UNREACT,
}


class _Request(NamedTuple):
    """A command of a session; `on_done` is called if it is acknowledged later."""

    session: Session
    room: Room
    command: commands.Change
    on_done: Callable[[], None]


def change(session: Session, command: commands.Change, on_done: Callable[[], None]) -> Deferred | None:
    """Store a change, and acknowledge it: at once if the room's log has the message."""
    identity = session.require_identity()
    room = session.require_room(command.room)
    check_command(session.node, identity, command)
    wait = session.take_send(identity, text_of(command))
    if wait:
        raise rate_limited("send", wait)
    epoch = command.epoch or room.log.epoch
    target = room.changes.target_at_once(command.target) if epoch == room.log.epoch else None
    mentions = _mentions(session.node, identity, room, command)
    request = _Request(session, room, command, on_done)
    if target is None or (mentions is not None and mentions.must_wait):
        return partial(_find_and_store, request, mentions)
    _store(request, target, None if mentions is None else mentions.found())
    return None


def _mentions(node: Node, identity: Identity, room: Room, command: commands.Change) -> Mentions | None:
    if not isinstance(command, commands.Edit) or "@" not in command.text:
        return None
    return Mentions(node, identity, room.name, room, command.text)


async def _find_and_store(request: _Request, mentions: Mentions | None) -> None:
    try:
        target = await request.room.changes.target(request.command.target, request.command.epoch)
    except BrokerError as error:
        raise send.to_command_error(error) from error
    _store(request, target, None if mentions is None else await mentions.find())


def _store(request: _Request, target: Target | None, mentions: list[str] | None) -> None:
    session, room, command, on_done = request
    started = perf_counter()
    future = publish(session.node, session.require_identity(), command, target, mentions)
    send.acknowledge(send.Publishing(session, room.fanout, command.id, started), future, on_done)


def text_of(command: commands.Change) -> str:
    """Return what a change adds to the room, whose bytes are limited."""
    match command:
        case commands.Edit():
            return command.text
        case commands.React() | commands.Unreact():
            return command.emoji
        case commands.Delete():
            return ""


def check_command(node: Node, identity: Identity, command: commands.Change) -> None:
    """Reject what is wrong whatever the message is."""
    if isinstance(command, commands.Edit):
        send.check_text(node, identity, command.room, command.text)
        return
    if isinstance(command, commands.Delete) and identity.may_moderate(command.room):
        # Also in a closed room, and without permission to write.
        return
    send.check_writer(node, identity, command.room)
    fault = emoji_fault(command.emoji) if isinstance(command, commands.React) else None
    if fault is not None:
        raise CommandError(Code.INVALID, f"Invalid emoji: {fault}.")


def publish(
    node: Node,
    identity: Identity,
    command: commands.Change,
    target: Target | None,
    mentions: list[str] | None = None,
) -> asyncio.Future[Receipt]:
    """Publish a change, if the user may make it now. `mentions`: those of the text of an edit.

    Raises:
        CommandError: the user may not.
    """
    key = command.key or new_key()
    kind = _KINDS[type(command)]
    if target is None:
        raise CommandError(Code.NOT_KEPT, f"Message {command.target} is not kept any more.")
    if target.message is None:
        raise CommandError(
            Code.INVALID, f"Invalid `target` {command.target}: it is a change; only messages can be changed."
        )
    # A retry of what was stored is answered with its position, also if it would be rejected now.
    if not any(one.key == key and one.user_id == identity.id for one in target.changes):
        _check(node, identity, command, target.message, target.changes)
    stored = ChangePayload(
        change=kind,
        target=command.target,
        key=key,
        user=identity.user,
        user_id=identity.id,
        kind=identity.kind,
        at=int(time() * 1000),
        text=command.text if isinstance(command, commands.Edit) else None,
        emoji=command.emoji if isinstance(command, commands.React | commands.Unreact) else None,
        mentions=mentions,
    )
    future = send.publish(node, identity, command.room, stored)
    if kind is ChangeKind.DELETE and target.message.files and node.files is not None:
        future.add_done_callback(partial(_remove_files, node, target.message.files))
    return future


def _remove_files(node: Node, files: Sequence[events.File], deleted: asyncio.Future[Receipt]) -> None:
    """Remove the files of a message when its deletion is stored."""
    if node.files is not None and not deleted.cancelled() and deleted.exception() is None:
        node.files.attachments.remove_soon((each.id for each in files), node.tasks)


def _check(
    node: Node,
    identity: Identity,
    command: commands.Change,
    message: events.Message,
    changes: Sequence[events.Change],
) -> None:
    if message.deleted is not None:
        raise CommandError(Code.NOT_KEPT, f"Message {message.offset} was deleted.")
    match command:
        case commands.Edit():
            _check_author(identity, message)
            _check_edit(node, message, changes)
        case commands.Delete():
            if not identity.may_moderate(command.room):
                _check_author(identity, message)
        case commands.React():
            _check_reaction(identity, command.emoji, message, changes)
        case commands.Unreact():
            _check_reaction_changes(message, changes)


def _check_author(identity: Identity, message: events.Message) -> None:
    if message.user_id != identity.id:
        raise CommandError(
            Code.FORBIDDEN,
            f"Message {message.offset} is not yours: you may edit and delete your own messages.",
        )


def _check_edit(node: Node, message: events.Message, changes: Sequence[events.Change]) -> None:
    limit = node.settings.edit_seconds
    if limit and time() * 1000 - message.at > limit * 1000:
        raise CommandError(
            Code.FORBIDDEN,
            f"Message {message.offset} is too old to be edited: {limit:.0f} s are allowed; send a new one.",
        )
    if sum(one.change == ChangeKind.EDIT for one in changes) >= MAX_EDITS:
        raise _too_many(message, f"edits: {MAX_EDITS} are allowed; send a new message")


def _check_reaction(
    identity: Identity, emoji: str, message: events.Message, changes: Sequence[events.Change]
) -> None:
    _check_reaction_changes(message, changes)
    reactions = message.reactions or []
    if len(reactions) >= MAX_EMOJI and all(one.emoji != emoji for one in reactions):
        raise _too_many(message, f"different reactions: {MAX_EMOJI} are allowed; use one of them")
    users = [user.user_id for one in reactions for user in one.users]
    if users.count(identity.id) >= MAX_REACTIONS_PER_USER:
        raise _too_many(
            message, f"reactions of yours: {MAX_REACTIONS_PER_USER} are allowed; remove one first"
        )
    if len(users) >= MAX_REACTIONS:
        raise _too_many(message, f"reactions: {MAX_REACTIONS} are allowed")


def _check_reaction_changes(message: events.Message, changes: Sequence[events.Change]) -> None:
    if sum(one.emoji is not None for one in changes) >= MAX_REACTION_CHANGES:
        raise _too_many(message, f"changes of its reactions: {MAX_REACTION_CHANGES} are allowed")


def _too_many(message: events.Message, what: str) -> CommandError:
    return CommandError(Code.TOO_MANY_CHANGES, f"Message {message.offset} has too many {what}.")
