"""Fold a message and its changes into what is shown (specification, CG6-CG9): a pure function.

A message may be folded already, up to its `changed`: changes up to there are in it, and are not applied
again. So changes may arrive in any order and more than once, and in portions of which each continues after
the one before.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec.structs import replace

from hubbub_protocol.events import Change, Deletion, Message, Reaction, Reactor


class ChangeKind(StrEnum):
    """The kinds of changes."""

    EDIT = "edit"
    DELETE = "delete"
    REACT = "react"
    UNREACT = "unreact"


def fold(message: Message, changes: Iterable[Change]) -> Message:
    """Apply changes to a message in the order of their offsets, each once.

    Changes of other messages, and those that are in the message already, are ignored.
    """
    last = message.changed or 0
    due = {one.offset: one for one in changes if one.target == message.offset and one.offset > last}
    for offset in sorted(due):
        message = _apply(message, due[offset])
    return message


def _apply(message: Message, change: Change) -> Message:
    changed = change.offset
    if message.deleted is not None:
        return replace(message, changed=changed)
    match change.change:
        case ChangeKind.EDIT if change.text is not None:
            return replace(
                message, text=change.text, mentions=change.mentions, edited=change.at, changed=changed
            )
        case ChangeKind.DELETE:
            deletion = Deletion(user=change.user, at=change.at, user_id=change.user_id)
            emptied = replace(message, text="", mentions=None, files=None, edited=None, reactions=None)
            return replace(emptied, deleted=deletion, changed=changed)
        case ChangeKind.REACT | ChangeKind.UNREACT if change.emoji is not None:
            return replace(message, reactions=_reactions(message, change) or None, changed=changed)
        case _:
            return replace(message, changed=changed)


def _reactions(message: Message, change: Change) -> list[Reaction]:
    """Return the reactions after a change: of each user and emoji there is one, at the place of the first."""
    emoji, who = change.emoji or "", person(change)
    added = [Reactor(user=change.user, user_id=change.user_id)] if change.change == ChangeKind.REACT else []
    before = message.reactions or []
    if not any(reaction.emoji == emoji for reaction in before):
        before = [*before, Reaction(emoji, [])]
    after: list[Reaction] = []
    for reaction in before:
        if reaction.emoji != emoji:
            after.append(reaction)
        elif users := _with(reaction.users, who, added):
            after.append(Reaction(emoji, users))
    return after


def _with(users: list[Reactor], who: str, added: list[Reactor]) -> list[Reactor]:
    """Add a user, who keeps an earlier place, or remove it if nothing is added."""
    if added and any(person(one) == who for one in users):
        return users
    return [one for one in users if person(one) != who] + added


def person(who: Message | Change | Reactor | Deletion) -> str:
    """Return what identifies a user: the id, or the name in entries of servers that stored no ids."""
    return who.user if who.user_id is None else who.user_id
