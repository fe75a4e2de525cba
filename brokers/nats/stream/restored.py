"""Detect that the stream of entries was restored to an earlier time, and begin a new epoch.

NATS restores the creation time as well. So offsets that were acknowledged would be given to other entries, in
the same epoch. Two records outlive a restore: the heads, if that stream was not restored with it, and the
newest entry that each running node knows. The new part of the epoch is stored in the description of the
stream, where all nodes find it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import request
from brokers.nats.leader_replies import republished_offset, whole_message
from brokers.nats.stream.info import (
    EPOCH_MARK,
    StreamInfo,
    call,
    fetch_stream_info,
    info,
    leader_get,
    number,
    part,
)
from brokers.nats.subjects import Subjects
from brokers.nats.watermark import Watermark

# Seconds that a new leader gets to catch up with what was committed, and between two looks.
_PATIENCE: Final = 2.0
_PAUSE: Final = 0.1

_log: Final = logging.getLogger(__name__)


async def begin_epoch_if_restored(connection: NatsConnection, subjects: Subjects, newest: Watermark) -> bool:
    """Begin a new epoch if the stream was restored; return whether it was. The heads are removed then."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while reason := await _find_contradiction(connection, subjects, newest):
        if asyncio.get_running_loop().time() > deadline:
            await _begin_epoch(connection, subjects)
            _log.error("nats_stream_restored", extra={"reason": reason})
            return True
        await asyncio.sleep(_PAUSE)
    return False


async def _find_contradiction(connection: NatsConnection, subjects: Subjects, newest: Watermark) -> str:
    head = await newest_head(connection, subjects)  # first, because it may grow meanwhile
    seen = await fetch_stream_info(connection, subjects)
    if head > seen.last:
        return f"the last offset is {seen.last}, but a room has the head {head}"
    return await contradicts(connection, subjects, newest, seen)


async def contradicts(
    connection: NatsConnection, subjects: Subjects, newest: Watermark, seen: StreamInfo
) -> str:
    """Return how the stream contradicts the newest known entry; empty if it does not."""
    created, _, mark = newest.epoch.partition(".")
    created_now, _, mark_now = seen.epoch.partition(".")
    if not newest.offset or created != created_now or int(mark_now or 0) > int(mark or 0):
        return ""  # another stream, or another node has begun a new epoch
    if mark != mark_now:
        return f"the epoch was {newest.epoch}, and is {seen.epoch}"
    if newest.offset > seen.last:
        return f"the last offset is {seen.last}, but {newest.offset} was stored"
    get = leader_get(subjects.entries)
    stored = await connection.ask(get, request(seq=newest.offset), whole_message)
    if stored.subject and stored.message_id != newest.message_id:
        return f"another entry is stored at the offset {newest.offset}"
    return ""


async def newest_head(connection: NatsConnection, subjects: Subjects) -> int:
    """Return the offset of the head that was stored last; 0 if there is none."""
    heads = await info(connection, subjects.heads)
    last = number(part(heads or {}, "state"), "last_seq")
    if not last:
        return 0
    return await connection.ask(leader_get(subjects.heads), request(seq=last), republished_offset)


async def _begin_epoch(connection: NatsConnection, subjects: Subjects) -> None:
    config = part(await info(connection, subjects.entries) or {}, "config")
    kept = EPOCH_MARK.sub("", str(config.get("description", ""))).strip()
    marked = f"{kept} [hubbub: restored {time.time_ns()}]".strip()
    await call(connection, f"STREAM.UPDATE.{subjects.entries}", {**config, "description": marked})
    # They name offsets that this stream has not reached.
    await call(connection, f"STREAM.DELETE.{subjects.heads}", {})
