"""Query the state of the streams from their leaders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from brokers.errors import Misconfigured, Unavailable
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import (
    JETSTREAM_OFF,
    STREAM_NOT_FOUND,
    Fields,
    JetStreamError,
    NoResponders,
    answer,
    request,
)
from brokers.nats.leader_replies import republished_offset
from brokers.nats.subjects import Subjects

# The configuration that a node relies on while it uses a stream; other settings may change.
_MADE: Final = ("subjects", "republish", "allow_direct", "max_msgs_per_subject", "num_replicas", "sealed")
# The part of an epoch that is stored in the description of the stream of entries.
EPOCH_MARK: Final = re.compile(r" ?\[hubbub: restored (\d+)\]")
_JETSTREAM: Final = "start nats-server with -js, and enable JetStream for the account"


class StreamInfo(NamedTuple):
    """The state of a stream: its epoch, its leader, its last offset, and its configuration."""

    epoch: str
    leader: str
    last: int
    made: Mapping[str, object]


async def fetch_stream_info(connection: NatsConnection, subjects: Subjects) -> StreamInfo:
    """Ask the leader of the stream of entries for its state; the epoch is empty if there is no stream."""
    reply = await info(connection, subjects.entries)
    if reply is None:
        return StreamInfo("", "", 0, {})
    leader, config = part(reply, "cluster").get("leader", ""), part(reply, "config")
    made = {key: config.get(key) for key in _MADE}
    return StreamInfo(identity(reply), str(leader), number(part(reply, "state"), "last_seq"), made)


async def has_heads(connection: NatsConnection, subjects: Subjects) -> bool:
    """Return whether the stream of heads exists."""
    return await info(connection, subjects.heads) is not None


async def first_head(connection: NatsConnection, subjects: Subjects) -> int:
    """Return the largest offset that the head of an unlisted room can have: 0 if all heads are stored.

    Heads are missing if there were more rooms than the stream of heads keeps, or if that stream alone was
    lost.
    """
    entries, heads = await info(connection, subjects.entries), await info(connection, subjects.heads)
    if entries is None or heads is None:
        connection.end(gone := Unavailable("a stream was removed"))
        raise gone
    state = part(heads, "state")
    if not _is_full(heads) and _created(heads) <= _created(entries):
        return 0
    if not number(state, "messages"):
        return number(part(entries, "state"), "last_seq")
    body = request(seq=number(state, "first_seq"))
    first = await connection.ask(leader_get(subjects.heads), body, republished_offset)
    return max(first - 1, 0)


async def heads_are_incomplete(connection: NatsConnection, subjects: Subjects) -> bool:
    """Return whether the stream of heads is newer than the entries: then it is known to be incomplete."""
    entries, heads = await info(connection, subjects.entries), await info(connection, subjects.heads)
    return entries is not None and heads is not None and _created(heads) > _created(entries)


def _is_full(heads: Fields) -> bool:
    """Return whether heads may have been trimmed: by bytes, the ones written since may be smaller."""
    state, config = part(heads, "state"), part(heads, "config")
    full = number(state, "messages") >= number(config, "max_msgs")
    return full or 2 * number(state, "bytes") >= number(config, "max_bytes")


def _created(info: Fields) -> str:
    """Return the creation time in a sortable form; NATS omits trailing zeros."""
    whole, _, fraction = str(info["created"]).removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


def identity(info: Fields) -> str:
    """Return the epoch of a stream: its creation time, which differs from that of others of the same name.

    A stream that was restored to an earlier time has the creation time of the original, and a mark.
    """
    created = re.sub(r"\D", "", str(info["created"]))
    mark = EPOCH_MARK.search(str(part(info, "config").get("description", "")))
    return f"{created}.{mark[1]}" if mark else created


def leader_get(stream: str) -> str:
    """Return the subject of requests for one message from a stream's leader."""
    return f"$JS.API.STREAM.MSG.GET.{stream}"


async def info(connection: NatsConnection, name: str) -> Fields | None:
    """Ask for the state of a stream; None if it does not exist."""
    return await call(connection, f"STREAM.INFO.{name}", {})


async def call(connection: NatsConnection, what: str, fields: Mapping[str, object]) -> Fields | None:
    """Call the API; None if the stream does not exist."""
    try:
        return await connection.ask(f"$JS.API.{what}", request(**fields), answer)
    except NoResponders as error:
        raise Misconfigured(f"no server answers JetStream requests: {_JETSTREAM}") from error
    except JetStreamError as error:
        if error.code == STREAM_NOT_FOUND:
            return None
        if error.temporary:
            raise Unavailable(str(error)) from error
        advice = f": {_JETSTREAM}" if error.code in JETSTREAM_OFF else ""
        raise Misconfigured(f"{error}{advice}") from error


def part(info: Fields, key: str) -> Fields:
    """Return an object field of a reply; empty if it is missing."""
    found = info.get(key)
    return found if isinstance(found, dict) else {}


def number(config: Fields, key: str) -> int:
    """Return a number field of a reply; 0 if it is missing."""
    value = config.get(key, 0)
    return value if isinstance(value, int) else 0
