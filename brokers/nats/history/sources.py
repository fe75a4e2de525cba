"""Read the stored messages of a room from whichever server answers.

On a replicated stream any replica may answer, also one that lags. It knows what the leader knew at an earlier
time: the last messages may be missing, and trimmed ones may still be there, but none is missing in between.
`reader` checks whether an answer is recent enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import BatchReply, ConsumerReply, StoredMessage, consumer, request
from brokers.nats.leader_replies import leader_message
from brokers.nats.subjects import Subjects

# Messages in one reply, when all of them are wanted.
BATCH: Final = 500
# Nanoseconds until the server deletes a consumer whose node has crashed.
_CONSUMER_LIFETIME: Final = 10_000_000_000


class MessageSource(Protocol):
    """A way to read stored messages."""

    async def read_from(self, room: str, offset: int, most: int) -> Sequence[StoredMessage]:
        """Read the first messages at or after an offset."""

    async def last_up_to(self, room: str, offset: int) -> int:
        """Find the last message at or before an offset; 0 if there is none."""


class BatchSource:
    """One request for many messages; needs NATS 2.11."""

    def __init__(self, connection: NatsConnection, subjects: Subjects) -> None:
        self._connection = connection
        self._subjects = subjects
        self._get = f"$JS.API.DIRECT.GET.{subjects.entries}"

    async def read_from(self, room: str, offset: int, most: int) -> Sequence[StoredMessage]:
        body = request(next_by_subj=self._subjects.entry_in(room), seq=offset, batch=most)
        return await self._connection.ask(self._get, body, BatchReply().take)

    async def last_up_to(self, room: str, offset: int) -> int:
        body = request(multi_last=[self._subjects.entry_in(room)], up_to_seq=offset)
        raws = await self._connection.ask(self._get, body, BatchReply().take)
        return raws[0].offset if raws else 0


class ConsumerSource:
    """One consumer for each request, for servers before 2.11, which answer a direct get with one message."""

    def __init__(self, connection: NatsConnection, subjects: Subjects) -> None:
        self._connection = connection
        self._subjects = subjects

    async def read_from(self, room: str, offset: int, most: int) -> Sequence[StoredMessage]:
        stream = self._subjects.entries
        config = {
            "filter_subject": self._subjects.entry_in(room),
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": max(offset, 1),
            "ack_policy": "none",
            "inactive_threshold": _CONSUMER_LIFETIME,
            "mem_storage": True,
            "num_replicas": 1,
        }
        make = request(stream_name=stream, config=config)
        made = await self._connection.ask(f"$JS.API.CONSUMER.CREATE.{stream}", make, consumer)
        try:
            most = min(most, made.pending)
            take = ConsumerReply(most).take
            pull = request(batch=most, no_wait=True)
            subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{made.name}"
            return await self._connection.pull(subject, pull, take) if most else ()
        finally:
            self._connection.send(f"$JS.API.CONSUMER.DELETE.{stream}.{made.name}", b"")

    async def last_up_to(self, room: str, offset: int) -> int:
        found, start = 0, 1
        while start <= offset:
            raws = await self.read_from(room, start, BATCH)
            found = max([found, *(raw.offset for raw in raws if raw.offset <= offset)])
            if not raws or not raws[-1].pending:
                break
            start = raws[-1].offset + 1
        return found


class LeaderSource:
    """Message by message from the stream's leader, which never lags: slow, and the last resort.

    It reads a room once, and answers all requests from that copy.
    """

    def __init__(self, connection: NatsConnection, subjects: Subjects) -> None:
        self._connection = connection
        self._subjects = subjects
        self._read: dict[str, Sequence[StoredMessage]] = {}

    async def read_from(self, room: str, offset: int, most: int) -> Sequence[StoredMessage]:
        raws = await self._all(room)
        start = sum(raw.offset < offset for raw in raws)
        return raws[start : start + most]

    async def last_up_to(self, room: str, offset: int) -> int:
        return max((raw.offset for raw in await self._all(room) if raw.offset <= offset), default=0)

    async def _all(self, room: str) -> Sequence[StoredMessage]:
        get = f"$JS.API.STREAM.MSG.GET.{self._subjects.entries}"
        subject = self._subjects.entry_in(room)
        raws: list[StoredMessage] = []
        while room not in self._read:
            start = raws[-1].offset + 1 if raws else 1
            part = await self._connection.ask(get, request(next_by_subj=subject, seq=start), leader_message)
            raws += part
            if not part:
                last = len(raws) - 1
                self._read[room] = [raw._replace(pending=last - place) for place, raw in enumerate(raws)]
        return self._read[room]
