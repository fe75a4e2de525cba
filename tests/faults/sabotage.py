"""Faults planted in a node, to test that the checks find them: `python -m tests.faults.sabotage drop`.

The service has no code for this: the node's parts are wrapped before it starts.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final, TypeAlias, TypeVar

from msgspec.structs import replace

from brokers.base import Entry, Receipt
from service import __main__ as service
from service.cluster.roster import Roster
from service.identity.identity import Identity
from service.node import Node
from service.rooms.fanout import Fanout
from service.rooms.feed import Feed
from service.rooms.room import Room
from service.runtime.tasks import Tasks
from service.sessions import room_commands, send
from service.wire.messages import ChangePayload, MessagePayload, encode_stored

T = TypeVar("T")

# A fault happens at every n-th call.
_NOW_AND_THEN: Final = 7

Append: TypeAlias = Callable[[Fanout, Entry], None]
Accept: TypeAlias = Callable[[Feed, Entry], None]
Stored: TypeAlias = MessagePayload | ChangePayload
Publish: TypeAlias = Callable[[Node, Identity, str, Stored], asyncio.Future[Receipt]]


def _plant(where: object, name: str, wrap: Callable[[T], T]) -> None:
    setattr(where, name, wrap(getattr(where, name)))


def drop(append: Append) -> Append:
    """Lose an entry on its way to the members, and hide that from the chain."""
    turns, lost = count(1), dict[str, Entry]()

    def dropping(fanout: Fanout, entry: Entry) -> None:
        before = lost.pop(entry.room, None)
        if before is not None:
            append(fanout, replace(entry, prev=before.prev))
        elif next(turns) % _NOW_AND_THEN == 0:
            lost[entry.room] = entry
        else:
            append(fanout, entry)

    return dropping


def double(publish: Publish) -> Publish:
    """Store a message twice, under another key of the broker's."""
    turns = count(1)

    def doubling(node: Node, identity: Identity, room: str, stored: Stored) -> asyncio.Future[Receipt]:
        receipt = publish(node, identity, room, stored)
        if next(turns) % _NOW_AND_THEN == 0:
            node.broker.publish(room, encode_stored(stored), key=f"{stored.key}-twin")
        return receipt

    return doubling


def swap(append: Append) -> Append:
    """Swap the payloads of two consecutive entries, on this node only."""
    turns, held = count(1), dict[str, Entry]()

    def swapping(fanout: Fanout, entry: Entry) -> None:
        before = held.pop(entry.room, None)
        if before is not None:
            append(fanout, replace(before, payload=entry.payload))
            append(fanout, replace(entry, payload=before.payload))
        elif next(turns) % _NOW_AND_THEN == 0:
            held[entry.room] = entry
        else:
            append(fanout, entry)

    return swapping


def lie(publish: Publish) -> Publish:
    """Acknowledge a message that isn't stored."""
    turns, last = count(1), dict[str, Receipt]()

    def lying(node: Node, identity: Identity, room: str, stored: Stored) -> asyncio.Future[Receipt]:
        known = last.get(room)
        if known is not None and next(turns) % _NOW_AND_THEN == 0:
            answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
            answer.set_result(known._replace(offset=known.offset + 1))
            return answer
        receipt = publish(node, identity, room, stored)
        receipt.add_done_callback(lambda done: last.update({room: done.result()}))
        return receipt

    return lying


def cry(accept: Accept) -> Accept:
    """Report a gap to members where there is none."""
    turns = count(1)

    def crying(feed: Feed, entry: Entry) -> None:
        accept(feed, entry)
        if next(turns) % _NOW_AND_THEN == 0:
            feed._restart(feed.position)  # noqa: SLF001 - no part of the service would

    return crying


def haunt(remove: object) -> object:  # noqa: ARG001 - it's replaced, not wrapped
    """Keep users who left in the list of members."""
    return lambda *_: False


def leak(find_start: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """Start a task at each join that never ends."""

    async def leaking(room: Room, *others: object) -> object:
        tasks: Tasks = room.catch_up._tasks  # noqa: SLF001 - no part of the service would
        tasks.start(asyncio.Event().wait(), name="leak")
        return await find_start(room, *others)

    return leaking


SABOTAGES: Final[dict[str, Callable[[], None]]] = {
    "cry": lambda: _plant(Feed, "accept", cry),
    "double": lambda: _plant(send, "publish", double),
    "drop": lambda: _plant(Fanout, "append", drop),
    "haunt": lambda: _plant(Roster, "remove", haunt),
    "leak": lambda: _plant(room_commands, "find_start", leak),
    "lie": lambda: _plant(send, "publish", lie),
    "swap": lambda: _plant(Fanout, "append", swap),
}


def command(name: str) -> tuple[str, ...]:
    """Return the Python command line of a node with this fault."""
    return "-m", "tests.faults.sabotage", name


if __name__ == "__main__":
    SABOTAGES[sys.argv[1]]()
    sys.exit(service.main([]))
