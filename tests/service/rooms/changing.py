"""Entries of a room with changes, for tests without a broker."""

from __future__ import annotations

from brokers.base import Entry
from hubbub_protocol.folding import ChangeKind
from service.wire.messages import ChangePayload, MessagePayload, encode_stored


def message(offset: int, text: str, *, user: str = "ann") -> Entry:
    stored = MessagePayload(key=f"k{offset}", user=user, user_id=user, kind="guest", text=text, at=offset)
    return Entry("room", "e", offset - 1, offset, encode_stored(stored))


def reply(offset: int, to: int, thread: int | None = None) -> Entry:
    stored = MessagePayload("k", "ann", "ann", "guest", f"{offset}", offset, reply_to=to, thread=thread)
    return Entry("room", "e", offset - 1, offset, encode_stored(stored))


def change(
    offset: int,
    kind: ChangeKind,
    target: int,
    *,
    user: str = "ann",
    text: str | None = None,
    emoji: str | None = None,
) -> Entry:
    stored = ChangePayload(
        change=kind,
        target=target,
        key=f"k{offset}",
        user=user,
        user_id=user,
        kind="guest",
        at=offset,
        text=text,
        emoji=emoji,
    )
    return Entry("room", "e", offset - 1, offset, encode_stored(stored))


def edit(offset: int, target: int, text: str) -> Entry:
    return change(offset, ChangeKind.EDIT, target, text=text)


def delete(offset: int, target: int) -> Entry:
    return change(offset, ChangeKind.DELETE, target)


def react(offset: int, target: int, emoji: str = ":a:", *, user: str = "ann") -> Entry:
    return change(offset, ChangeKind.REACT, target, user=user, emoji=emoji)
