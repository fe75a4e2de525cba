"""Users whom a stored message addresses are notified, if they are not here."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from functools import partial

from brokers.base import Receipt
from brokers.errors import BrokerError
from service.moderation.actions import Subject
from service.node import Node
from service.push.notification import Notification
from service.wire.messages import MessagePayload, stored_author


def notify(node: Node, room: str, message: MessagePayload, stored: asyncio.Future[Receipt]) -> None:
    """When a message is stored, notify the users whom it mentions, and the author that it replies to.

    The node that stored it does so, and no other one. A duplicate was notified of before.
    """
    if node.push is not None and (message.mentions or message.reply_to is not None):
        stored.add_done_callback(partial(_stored, node, room, message))


def _stored(node: Node, room: str, message: MessagePayload, stored: asyncio.Future[Receipt]) -> None:
    if node.push is None or stored.cancelled() or stored.exception() is not None:
        return
    receipt = stored.result()
    if not receipt.duplicate:
        text = message.text or " ".join(file.name for file in message.files or ())
        shown = Notification(room, receipt.offset, message.user, text, message.at)
        node.push.notify(
            node.tasks, shown, partial(_addressed, node, room, message), partial(_excluded, node)
        )


async def _addressed(node: Node, room: str, message: MessagePayload) -> Collection[str]:
    users = set(message.mentions or ())
    author = None if message.reply_to is None else await _author_of(node, room, message.reply_to)
    if author is not None and author != message.user_id:
        users.add(author)
    return users


async def _author_of(node: Node, room: str, offset: int) -> str | None:
    """Return who wrote a message; None if that can't be read now."""
    opened = node.rooms.ready(room)
    entry = None if opened is None else opened.log.get(offset)
    if entry is None:
        try:
            page = await node.broker.history(room, before=offset + 1, limit=1)
        except BrokerError:
            return None
        entry = next((each for each in page.entries if each.offset == offset), None)
    author = None if entry is None else stored_author(entry.payload)
    return None if author is None else author.user_id


def _excluded(node: Node, user: str, name: str) -> bool:
    """Return whether a user is here on any node (PR6), or banned."""
    return node.user_names.is_here(name, user) or node.moderation.ban(Subject(user, "")) is not None
