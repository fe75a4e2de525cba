"""Erase entries: the server overwrites a message that is deleted by its sequence number."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from brokers.errors import Unavailable
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import JetStreamError, answer, request
from brokers.nats.leader_replies import whole_message
from brokers.nats.stream.info import leader_get
from brokers.nats.subjects import Subjects

# Concurrent requests.
_AT_ONCE: Final = 50
_NO_MESSAGE: Final = 10057


async def erase(connection: NatsConnection, subjects: Subjects, room: str, offsets: Sequence[int]) -> None:
    """Delete messages of a room, and no other room's."""
    subject = subjects.entry_in(room)

    async def delete(offset: int) -> None:
        body = request(seq=offset)
        found = await connection.ask(leader_get(subjects.entries), body, whole_message)
        if found.subject == subject:
            await _delete(connection, subjects, body)

    distinct = list(dict.fromkeys(offsets))
    for start in range(0, len(distinct), _AT_ONCE):
        await asyncio.gather(*map(delete, distinct[start : start + _AT_ONCE]))


async def _delete(connection: NatsConnection, subjects: Subjects, body: bytes) -> None:
    try:
        await connection.ask(f"$JS.API.STREAM.MSG.DELETE.{subjects.entries}", body, answer)
    except JetStreamError as error:
        # It may have been trimmed or erased meanwhile.
        if error.code != _NO_MESSAGE:
            raise Unavailable(str(error)) from error
