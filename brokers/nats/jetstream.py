"""Requests to JetStream and its answers: the one place that knows their form, for NATS speaks JSON."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from nats.aio.msg import Msg

from brokers.errors import BrokerError, BrokerRefused, Unavailable

Fields: TypeAlias = Mapping[str, object]

PREV: Final = "Hubbub-Prev"  # our only header: what a publisher knew to be before an entry
MESSAGE_ID: Final = "Nats-Msg-Id"
EXPECTED_STREAM: Final = "Nats-Expected-Stream"
STREAM_NOT_FOUND: Final = 10059
STREAM_EXISTS: Final = 10058

_STATUS: Final = "Status"
_HTTP_UNAVAILABLE: Final = 503
JETSTREAM_OFF: Final = (10039, 10076)  # for the account, for the server
_NO_MESSAGE: Final = 10037
_TOO_LARGE: Final = 10054
_UNDERWAY: Final = 10158
_OTHER_STREAM: Final = 10060
_HINT: Final = re.compile(rb"^" + PREV.encode() + rb": *(\d+)", re.MULTILINE)
_SEQUENCE: Final = re.compile(rb"^Nats-Sequence: *(\d+)", re.MULTILINE)


class JetStreamError(BrokerError):
    """JetStream refused a request. Caught where it is known what that means."""

    def __init__(self, fields: Fields) -> None:
        self.code = fields.get("err_code", fields.get("code"))
        offline = "offline" in str(fields.get("description"))  # a server of the cluster, at the moment
        away = fields.get("code") == _HTTP_UNAVAILABLE and self.code not in JETSTREAM_OFF
        self.temporary = away or offline
        super().__init__(f"NATS answers {fields.get('description', 'an error')!r} ({self.code})")


class NoResponders(Unavailable):
    """No server took a request."""


class PublishInProgress(Unavailable):
    """The same entry is being stored already, on behalf of another call: its position is not known yet."""


_REFUSALS: Final[Mapping[object, type[BrokerError]]] = {
    _TOO_LARGE: BrokerRefused,
    _UNDERWAY: PublishInProgress,
}


class StoredMessage(NamedTuple):
    """A stored message; `pending` of its subject follow, `hint` is what its publisher had heard last."""

    subject: str
    offset: int
    payload: bytes
    pending: int
    hint: int | None


class PublishAck(NamedTuple):
    """The answer to a publish."""

    offset: int
    duplicate: bool


class RepublishedEntry(NamedTuple):
    """An entry as the server hands it on."""

    offset: int
    prev: int
    hint: int


def request(**fields: object) -> bytes:
    """Write a request's fields."""
    return json.dumps(fields, separators=(",", ":")).encode()


def answer(message: Msg) -> Fields:
    """Read the answer to a request to the API.

    Raises:
        ApiError: it was refused.
    """
    _answered(message)
    fields = json.loads(message.data)
    if not isinstance(fields, dict):
        raise Unavailable("NATS gives an answer of another form")
    error = fields.get("error")
    if isinstance(error, dict):
        raise JetStreamError(error)
    return fields


def stored(message: Msg) -> PublishAck:
    """Read the acknowledgement of an entry."""
    try:
        fields = answer(message)
    except JetStreamError as error:
        raise _REFUSALS.get(error.code, Unavailable)(str(error)) from error
    offset, duplicate = fields.get("seq"), fields.get("duplicate") is True
    if not isinstance(offset, int) or offset < 1:
        # Clusters before 2.11 say so of a duplicate whose first is under way.
        raise (PublishInProgress if duplicate else Unavailable)("NATS acknowledges without a position")
    return PublishAck(offset, duplicate)


def rejected_by_stream(message: Msg) -> bool:
    """Read the answer to an entry that was meant for no stream."""
    try:
        answer(message)
    except JetStreamError as error:
        if error.code == _OTHER_STREAM:
            return True
        raise Unavailable(str(error)) from error
    raise Unavailable("NATS stored what was meant for no stream")


def republished(message: Msg) -> RepublishedEntry:
    """Read what the server adds to an entry when it hands it on."""
    headers = message.headers or {}
    hint = headers.get(PREV, "")
    offset, prev = int(headers["Nats-Sequence"]), int(headers["Nats-Last-Sequence"])
    return RepublishedEntry(offset, prev, int(hint) if hint.isdecimal() else 0)


def elected(message: Msg) -> str:
    """Read which server was elected to lead a stream; empty if that isn't told."""
    fields = json.loads(message.data)
    return str(fields.get("leader", "")) if isinstance(fields, dict) else ""


def found(message: Msg) -> tuple[StoredMessage, ...]:
    """Read the answer to a direct get of one message: that, or none."""
    status = _answered(message)
    return () if status else (_raw(message),)


class BatchReply:
    """Collects the answers to a direct get of several messages, until the last says that it is the last.

    `up_to` is the offset up to which the server that answered had stored them, as far as it tells.
    """

    def __init__(self) -> None:
        self._raws: list[StoredMessage] = []
        self.up_to = 0

    def take(self, message: Msg) -> tuple[StoredMessage, ...] | None:
        """Take an answer; return all of them with the last."""
        if _answered(message):
            headers = message.headers or {}
            self.up_to = int(headers.get("Nats-UpTo-Sequence", 0))
            # Told with each message, NATS 2.11 counts that message too; at the end all count the same.
            return _numbered(self._raws, int(headers.get("Nats-Num-Pending", 0)))
        self._raws.append(_raw(message))
        return None


class ConsumerInfo(NamedTuple):
    """A consumer that was made, and how many messages it has to tell."""

    name: str
    pending: int


def consumer(message: Msg) -> ConsumerInfo:
    """Read the answer to the making of a consumer."""
    try:
        fields = answer(message)
    except JetStreamError as error:
        raise Unavailable(str(error)) from error
    name, pending = fields.get("name"), fields.get("num_pending")
    if not isinstance(name, str) or not isinstance(pending, int):
        raise Unavailable("NATS makes a consumer without telling what it has to tell")
    return ConsumerInfo(name, pending)


class ConsumerReply:
    """Collects what a consumer tells, up to so many messages or until it has no more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._raws: list[StoredMessage] = []

    def take(self, message: Msg) -> tuple[StoredMessage, ...] | None:
        """Take a message; return all of them with the last."""
        status = (message.headers or {}).get(_STATUS)
        if not status:
            self._raws.append(_told(message))
            return tuple(self._raws) if len(self._raws) == self._most else None
        if status not in {"404", "408", "409"}:
            _answered(message)
        # It had counted others that were trimmed meanwhile.
        return _numbered(self._raws, 0)


def last_offset(message: Msg) -> int:
    """Read the offset of a message that the stream's leader was asked for; 0 if there is none."""
    fields = _message(message)
    offset = fields.get("seq", 0)
    return offset if isinstance(offset, int) else 0


def republished_offset(message: Msg) -> int:
    """Read the offset with which a message was handed on to where it is stored now; 0 if there is none."""
    headers = _message(message).get("hdrs", "")
    match = _SEQUENCE.search(b64decode(headers)) if isinstance(headers, str) else None
    return int(match[1]) if match else 0


def leader_message(message: Msg) -> tuple[StoredMessage, ...]:
    """Read a message that the stream's leader was asked for, or none. It doesn't tell what follows."""
    fields = _message(message)
    if not fields:
        return ()
    hint = _HINT.search(b64decode(str(fields.get("hdrs", ""))))
    payload = b64decode(str(fields.get("data", "")))
    offset = last_offset(message)
    return (StoredMessage(str(fields["subject"]), offset, payload, 0, int(hint[1]) if hint else None),)


def _message(message: Msg) -> Fields:
    try:
        fields = answer(message).get("message")
    except JetStreamError as error:
        if error.code == _NO_MESSAGE:
            return {}
        raise Unavailable(str(error)) from error
    return fields if isinstance(fields, dict) else {}


def _answered(message: Msg) -> str:
    """Tell the status: none for a message, 204 and 404 for the end of them."""
    status = (message.headers or {}).get(_STATUS, "")
    if status == "503":
        raise NoResponders("nobody answers: the stream is gone or has no leader, or JetStream is off")
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
    """Tell of each message how many follow, of which so many follow the last."""
    behind = len(raws) - 1 + pending
    return tuple(raw._replace(pending=behind - place) for place, raw in enumerate(raws))


def _told(message: Msg) -> StoredMessage:
    """Read a message of a consumer: its place stands in the subject for acknowledgements, from behind."""
    # $JS.ACK.[domain.account.]stream.consumer.deliveries.offset.number.time.pending[.random]
    parts = message.reply.split(".")
    place = 7 if len(parts) > 9 else 5  # noqa: PLR2004
    hint = (message.headers or {}).get(PREV, "")
    offset, pending = int(parts[place]), int(parts[place + 3])
    return StoredMessage(
        message.subject, offset, message.data, pending, int(hint) if hint.isdecimal() else None
    )
