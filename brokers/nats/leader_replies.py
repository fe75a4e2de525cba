"""Decode replies of a stream's leader to requests for one stored message."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Final, NamedTuple

from nats.aio.msg import Msg

from brokers.errors import Unavailable
from brokers.nats.jetstream import MESSAGE_ID, PREV, Fields, JetStreamError, StoredMessage, answer

_NO_MESSAGE: Final = 10037
_HINT: Final = re.compile(rb"^" + PREV.encode() + rb": *(\d+)", re.MULTILINE)
_SEQUENCE: Final = re.compile(rb"^Nats-Sequence: *(\d+)", re.MULTILINE)
_MESSAGE_ID: Final = re.compile(rb"^" + MESSAGE_ID.encode() + rb": *(.*?)\r?$", re.MULTILINE)


class LeaderMessage(NamedTuple):
    """A stored message with its headers; the subject is empty if there is none at the offset."""

    subject: str
    headers: bytes
    payload: bytes

    @property
    def message_id(self) -> str:
        """The message ID that it was published with; empty for a probe."""
        match = _MESSAGE_ID.search(self.headers)
        return match[1].decode() if match else ""


def whole_message(message: Msg) -> LeaderMessage:
    """Decode a message and its headers."""
    fields = _message(message)
    headers = b64decode(str(fields.get("hdrs", "")))
    return LeaderMessage(str(fields.get("subject", "")), headers, b64decode(str(fields.get("data", ""))))


def last_offset(message: Msg) -> int:
    """Decode the offset of a message from the stream's leader; 0 if there is none."""
    fields = _message(message)
    offset = fields.get("seq", 0)
    return offset if isinstance(offset, int) else 0


def republished_offset(message: Msg) -> int:
    """Decode the offset that a message had when it was republished to this stream; 0 if there is none."""
    headers = _message(message).get("hdrs", "")
    match = _SEQUENCE.search(b64decode(headers)) if isinstance(headers, str) else None
    return int(match[1]) if match else 0


def leader_message(message: Msg) -> tuple[StoredMessage, ...]:
    """Decode a message from the stream's leader, or none. The reply does not count the messages after it."""
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
