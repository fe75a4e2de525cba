"""Responses that contain messages. They are spliced from stored JSON and not encoded again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archive.search import FoundEntry
from brokers.base import Entry, Position
from hubbub_protocol import encode, events
from service.wire.frames import text_frame
from service.wire.messages import current_payload, encode_name, encode_value, entry_event


class JoinStart(NamedTuple):
    """Where a member starts in a room: the messages of its `joined`, and the cursor of its live entries.

    If it recovers, `entries` has changes too; otherwise the messages are folded.
    """

    epoch: str
    cursor: int
    head: int
    recovered: bool
    entries: Sequence[Entry]


class MessagePage(NamedTuple):
    """Messages, folded, oldest first.

    `before` and `after` are the offsets at which the next page continues, in each direction. `more` and
    `trimmed` are those of `brokers.base.Page`. `unavailable`: there are more, which can't be read now.
    """

    messages: Sequence[Entry]
    head: Position
    before: int
    after: int
    more: bool
    trimmed: bool
    unavailable: bool


def joined(
    command: int,
    room: bytes,
    start: JoinStart,
    members: events.Members,
    *,
    mark: events.ReadMark | None = None,
    topic: str | None = None,
) -> bytes:
    """Frame the response to `join`; `room` is the name as JSON."""
    return text_frame(
        b'{"type":"joined","id":%d,"room":%b,"epoch":%b,"head":%d,"recovered":%b,"messages":[%b],"members":%b%b%b}'
        % (
            command,
            room,
            encode_name(start.epoch),
            start.head,
            b"true" if start.recovered else b"false",
            _messages(room, start.entries),
            encode_value(members),
            b"" if mark is None else b',"mark":%b' % encode_value(mark),
            b"" if topic is None else b',"topic":%b' % encode_name(topic),
        )
    )


def history_page(command: int, room: bytes, page: MessagePage) -> bytes:
    """Frame the response to `history`."""
    return text_frame(
        b'{"type":"page","id":%d,"room":%b,"messages":[%b],"more":%b,"before":%d}'
        % (command, room, _messages(room, page.messages), b"true" if page.more else b"false", page.before)
    )


def history_body(room: bytes, page: MessagePage) -> bytes:
    """Encode a page of history for the HTTP API."""
    return (
        b'{"room":%b,"epoch":%b,"head":%d,"more":%b,"trimmed":%b,"before":%d,"after":%d,"messages":[%b]}'
        % (
            room,
            encode_name(page.head.epoch),
            page.head.offset,
            b"true" if page.more else b"false",
            b"true" if page.trimmed else b"false",
            page.before,
            page.after,
            _messages(room, page.messages),
        )
    )


def found(command: int, room: bytes, hits: Sequence[FoundEntry], more: str | None) -> bytes:
    """Frame the response to `search`."""
    end = b"" if more is None else b',"more":%b' % encode_name(more)
    return text_frame(
        b'{"type":"found","id":%d,"room":%b,"hits":[%b]%b}' % (command, room, b",".join(map(_hit, hits)), end)
    )


def hits_body(hits: Sequence[FoundEntry], more: str | None) -> bytes:
    """Encode the hits of a search for the HTTP API; each has the epoch of its message."""
    found = b",".join(map(_hit, hits))
    return b'{"hits":[%b],"more":%b}' % (found, b"null" if more is None else encode_name(more))


def _hit(hit: FoundEntry) -> bytes:
    entry = Entry(hit.entry.room, hit.entry.epoch, hit.entry.prev, hit.entry.offset, current_payload(hit))
    message = entry_event(encode_name(entry.room), entry)
    return b'{"epoch":%b,"message":%b}' % (encode_name(entry.epoch), message)


def event(frame: events.Event) -> bytes:
    """Frame any other event."""
    return text_frame(encode(frame))


def _messages(room: bytes, entries: Sequence[Entry]) -> bytes:
    return b",".join(entry_event(room, entry) for entry in entries)
