"""Complete the stream of heads when a node connects.

NATS stores an entry and its head one after the other. A server that was killed between the two lacks the
head, and so does a stream of heads that was restored to an earlier time. That would hide a gap once the
entries have expired.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from brokers.errors import Unavailable, WritesRefused
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import request, stored
from brokers.nats.leader_replies import LeaderMessage, last_offset, republished_offset, whole_message
from brokers.nats.stream.info import call, fetch_stream_info, heads_are_incomplete, leader_get
from brokers.nats.stream.restored import newest_head
from brokers.nats.subjects import Subjects

# Seconds until the head of an entry is stored, and between two looks.
_PATIENCE: Final = 1.0
_PAUSE: Final = 0.05
# Heads that are added; if more are missing, all are removed. Then a node knows that they are incomplete.
_MOST: Final = 1000

_log: Final = logging.getLogger(__name__)


async def complete_heads(connection: NatsConnection, subjects: Subjects) -> bool:
    """Add missing heads; return False if the stream of heads was removed because that is not possible."""
    last = (await fetch_stream_info(connection, subjects)).last
    head = await _wait_for_head(connection, subjects, last)
    if head >= last or await heads_are_incomplete(connection, subjects):
        return True
    try:
        entries = await _entries(connection, subjects, head + 1, last) if last - head <= _MOST else None
        if entries is None:
            # Whether it could be created again, where nothing can be written?
            await connection.ask(subjects.probe_out, b"", stored)
            await call(connection, f"STREAM.DELETE.{subjects.heads}", {})
            return False
        for offset, entry in entries.items():
            await _add(connection, subjects, offset, entry)
    except Unavailable as error:
        if connection.ended.done():
            raise
        # The next session tries again; a node must start without a write.
        _log.warning("nats_heads_incomplete", extra={"reason": str(error)})
    return True


async def _wait_for_head(connection: NatsConnection, subjects: Subjects, last: int) -> int:
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while (head := await newest_head(connection, subjects)) < last:
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(_PAUSE)
    return head


async def _entries(
    connection: NatsConnection, subjects: Subjects, first: int, last: int
) -> dict[int, LeaderMessage] | None:
    """Read the last entry of each room in a range; None if one of the range is no longer stored."""
    newest: dict[str, tuple[int, LeaderMessage]] = {}
    for offset in range(first, last + 1):
        entry = await connection.ask(leader_get(subjects.entries), request(seq=offset), whole_message)
        if not entry.subject:
            return None
        newest[entry.subject] = (offset, entry)
    return dict(newest.values())


async def _add(connection: NatsConnection, subjects: Subjects, offset: int, entry: LeaderMessage) -> None:
    """Add a head, unless the room has a newer one by now."""
    head = subjects.out_of(entry.subject)
    get, by_subject = leader_get(subjects.heads), request(last_by_subj=head)
    if await connection.ask(get, by_subject, republished_offset) >= offset:
        return
    headers = {
        "Nats-Expected-Last-Subject-Sequence": str(await connection.ask(get, by_subject, last_offset)),
        "Nats-Subject": entry.subject,
        "Nats-Sequence": str(offset),
        # Subscribed nodes receive it, too. The real predecessor is not known here: they look it up.
        "Nats-Last-Sequence": str(offset - 1),
    }
    with suppress(WritesRefused):  # a newer head came first
        await connection.ask(head, entry.payload, stored, headers)
