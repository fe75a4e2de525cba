"""Encode JetStream requests and decode replies. The API is JSON, and only this module knows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from nats.aio.msg import Msg

from brokers.errors import BrokerError, BrokerRefused, Unavailable, WritesRefused

Fields: TypeAlias = Mapping[str, object]

PREV: Final = "Hubbub-Prev"  # the only header of hubbub: the previous offset as the publisher knows it
MESSAGE_ID: Final = "Nats-Msg-Id"
EXPECTED_STREAM: Final = "Nats-Expected-Stream"
STREAM_NOT_FOUND: Final = 10059
STREAM_EXISTS: Final = 10058

_STATUS: Final = "Status"
_HTTP_UNAVAILABLE: Final = 503
JETSTREAM_OFF: Final = (10039, 10076)  # for the account, for the server
_TOO_LARGE: Final = 10054
_UNDERWAY: Final = 10158
_OTHER_STREAM: Final = 10060
# Limits of the account, the server, its memory and its disk; and a store that failed, also for `discard:
# new`. NATS reports some of them like an outage, with the status 503.
_FULL: Final = frozenset({10002, 10023, 10028, 10047, 10077})


class JetStreamError(BrokerError):
    """JetStream rejected a request. The caller knows what that means."""

    def __init__(self, fields: Fields) -> None:
        self.code = fields.get("err_code", fields.get("code"))
        offline = "offline" in str(fields.get("description"))  # a server of the cluster is down
        away = fields.get("code") == _HTTP_UNAVAILABLE and self.code not in JETSTREAM_OFF
        self.temporary = away or offline
        self.refuses_writes = self.code in _FULL or not self.temporary
        super().__init__(f"NATS answers {fields.get('description', 'an error')!r} ({self.code})")


class NoResponders(Unavailable):
    """No server handles the subject of a request."""


class StreamsChanged(Unavailable):
    """The streams are not those that the session was opened with."""


class PublishInProgress(Unavailable):
    """The same entry is being stored for another call, and its position is not known yet."""


_REFUSALS: Final[Mapping[object, type[BrokerError]]] = {
    _TOO_LARGE: BrokerRefused,
    _UNDERWAY: PublishInProgress,
}


class StoredMessage(NamedTuple):
    """A stored message, the number of messages after it, and the previous offset that its publisher knew."""

    subject: str
    offset: int
    payload: bytes
    pending: int
    hint: int | None


class PublishAck(NamedTuple):
    """The acknowledgement of a publish."""

    offset: int
    duplicate: bool


class RepublishedEntry(NamedTuple):
    """An entry as the server republishes it."""

    offset: int
    prev: int
    hint: int


def request(**fields: object) -> bytes:
    """Encode a request."""
    return json.dumps(fields, separators=(",", ":")).encode()


def answer(message: Msg) -> Fields:
    """Decode the reply to an API request.

    Raises:
        JetStreamError: the request was rejected.
    """
    _answered(message)
    fields = json.loads(message.data)
    if not isinstance(fields, dict):
        raise Unavailable("NATS sent a reply in an unknown format")
    error = fields.get("error")
    if isinstance(error, dict):
        raise JetStreamError(error)
    return fields


def stored(message: Msg) -> PublishAck:
    """Decode the acknowledgement of an entry."""
    try:
        fields = answer(message)
    except JetStreamError as error:
        other = WritesRefused if error.refuses_writes else Unavailable
        raise _REFUSALS.get(error.code, other)(str(error)) from error
    offset, duplicate = fields.get("seq"), fields.get("duplicate") is True
    if not isinstance(offset, int) or offset < 1:
        # Clusters before 2.11 answer like this to a duplicate whose original is still being stored.
        raise (PublishInProgress if duplicate else Unavailable)(
            "NATS acknowledged the entry without a position"
        )
    return PublishAck(offset, duplicate)


def rejected_by_stream(message: Msg) -> bool:
    """Decode the reply to an entry that no stream was expected to accept."""
    try:
        answer(message)
    except JetStreamError as error:
        if error.code == _OTHER_STREAM or error.refuses_writes:
            return True
        raise Unavailable(str(error)) from error
    raise Unavailable("NATS stored an entry that no stream should accept")


def republished(message: Msg) -> RepublishedEntry:
    """Decode the headers that the server adds when it republishes an entry."""
    headers = message.headers or {}
    hint = headers.get(PREV, "")
    offset, prev = int(headers["Nats-Sequence"]), int(headers["Nats-Last-Sequence"])
    return RepublishedEntry(offset, prev, int(hint) if hint.isdecimal() else 0)


def elected(message: Msg) -> str:
    """Decode which server was elected leader of a stream; empty if it is not reported."""
    fields = json.loads(message.data)
    return str(fields.get("leader", "")) if isinstance(fields, dict) else ""


def found(message: Msg) -> tuple[StoredMessage, ...]:
    """Decode the reply to a direct get: one message or none."""
    status = _answered(message)
    return () if status else (_raw(message),)


class BatchReply:
    """Collects the replies to a direct get of several messages.

    `up_to` is the last offset that the answering server had stored, if it reports that.
    """

    def __init__(self) -> None:
        self._raws: list[StoredMessage] = []
        self.up_to = 0

    def take(self, message: Msg) -> tuple[StoredMessage, ...] | None:
        """Add a reply; return all messages with the last one."""
        if _answered(message):
            headers = message.headers or {}
            self.up_to = int(headers.get("Nats-UpTo-Sequence", 0))
            # NATS 2.11 counts the message itself in each reply; in the last reply all versions count alike.
            return _numbered(self._raws, int(headers.get("Nats-Num-Pending", 0)))
        self._raws.append(_raw(message))
        return None


class ConsumerInfo(NamedTuple):
    """A created consumer, and its number of pending messages."""

    name: str
    pending: int


def consumer(message: Msg) -> ConsumerInfo:
    """Decode the reply to the creation of a consumer."""
    try:
        fields = answer(message)
    except JetStreamError as error:
        raise Unavailable(str(error)) from error
    name, pending = fields.get("name"), fields.get("num_pending")
    if not isinstance(name, str) or not isinstance(pending, int):
        raise Unavailable("NATS created a consumer without its name or number of pending messages")
    return ConsumerInfo(name, pending)


class ConsumerReply:
    """Collects the messages of a consumer, until there are enough or none is left."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._raws: list[StoredMessage] = []

    def take(self, message: Msg) -> tuple[StoredMessage, ...] | None:
        """Add a message; return all messages with the last one."""
        status = (message.headers or {}).get(_STATUS)
        if not status:
            self._raws.append(_told(message))
            return tuple(self._raws) if len(self._raws) == self._most else None
        if status not in {"404", "408", "409"}:
            _answered(message)
        # It had counted messages that have been trimmed since.
        return _numbered(self._raws, 0)


def _answered(message: Msg) -> str:
    """Read the status: empty for a message, 204 or 404 for the end of the replies."""
    status = (message.headers or {}).get(_STATUS, "")
    if status == "503":
        raise NoResponders(
            "no responders: the stream does not exist or has no leader, or JetStream is disabled"
        )
    if status not in {"", "204", "404"}:
        raise Unavailable(f"NATS answers with status {status}")
    return status


def _raw(message: Msg) -> StoredMessage:
    headers = message.headers or {}
    hint = headers.get(PREV, "")
    return StoredMessage(
        headers["Nats-Subject"],
        int(headers["Nats-Sequence"]),
        message.data,
        int(headers.get("Nats-Num-Pending", 0)),
        int(hint) if hint.isdecimal() else None,
    )


def _numbered(raws: Sequence[StoredMessage], pending: int) -> tuple[StoredMessage, ...]:
    """Set how many messages follow each one; `pending` follow the last one."""
    behind = len(raws) - 1 + pending
    return tuple(raw._replace(pending=behind - place) for place, raw in enumerate(raws))


def _told(message: Msg) -> StoredMessage:
    """Decode a message of a consumer. Its position is in the acknowledgement subject."""
    # $JS.ACK.[domain.account.]stream.consumer.deliveries.offset.number.time.pending[.random]
    parts = message.reply.split(".")
    place = 7 if len(parts) > 9 else 5  # noqa: PLR2004
    hint = (message.headers or {}).get(PREV, "")
    offset, pending = int(parts[place]), int(parts[place + 3])
    return StoredMessage(
        message.subject, offset, message.data, pending, int(hint) if hint.isdecimal() else None
    )
