"""What the streams look like to their leaders."""

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
    republished_offset,
    request,
)
from brokers.nats.subjects import Subjects

# What a node relies on while it uses a stream; the other bounds may change.
_MADE: Final = ("subjects", "republish", "allow_direct", "max_msgs_per_subject", "num_replicas", "sealed")
_JETSTREAM: Final = "start nats-server with -js, and enable JetStream for the account"


class StreamInfo(NamedTuple):
    """What the stream's leader says of it: who it is, who leads it, its last offset, and how it's made."""

    epoch: str
    leader: str
    last: int
    made: Mapping[str, object]


async def fetch_stream_info(connection: NatsConnection, names: Subjects) -> StreamInfo:
    """Ask the stream's leader what it is; there is no epoch if there is no such stream."""
    told = await info(connection, names.entries)
    if told is None:
        return StreamInfo("", "", 0, {})
    leader, config = part(told, "cluster").get("leader", ""), part(told, "config")
    made = {key: config.get(key) for key in _MADE}
    return StreamInfo(identity(told), str(leader), number(part(told, "state"), "last_seq"), made)


async def has_heads(connection: NatsConnection, names: Subjects) -> bool:
    """Tell whether the stream of heads is there."""
    return await info(connection, names.heads) is not None


async def first_head(connection: NatsConnection, names: Subjects) -> int:
    """Tell an offset that no room passed whose head is not known: 0 if all heads are.

    They are not all known if there were more rooms than the stream of heads holds, or if it was lost alone.
    """
    entries, heads = await info(connection, names.entries), await info(connection, names.heads)
    if entries is None or heads is None:
        connection.end(gone := Unavailable("a stream was removed"))
        raise gone
    state, config = part(heads, "state"), part(heads, "config")
    # Some may have had to go for their bytes, and what was written since may be smaller.
    full = number(state, "messages") >= number(config, "max_msgs")
    full = full or 2 * number(state, "bytes") >= number(config, "max_bytes")
    if not full and _created(heads) <= _created(entries):
        return 0
    if not number(state, "messages"):
        return number(part(entries, "state"), "last_seq")
    body = request(seq=number(state, "first_seq"))
    first = await connection.ask(f"$JS.API.STREAM.MSG.GET.{names.heads}", body, republished_offset)
    return max(first - 1, 0)


def _created(info: Fields) -> str:
    """Tell when a stream was made, in letters that sort; NATS leaves out zeros at the end."""
    whole, _, fraction = str(info["created"]).removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<9}"


def identity(info: Fields) -> str:
    """Tell a stream from all others that had its name: by the time when it was made."""
    return re.sub(r"\D", "", str(info["created"]))


async def info(connection: NatsConnection, name: str) -> Fields | None:
    """Ask for a stream; None if there is none."""
    return await call(connection, f"STREAM.INFO.{name}", {})


async def call(connection: NatsConnection, what: str, fields: Mapping[str, object]) -> Fields | None:
    """Ask the API; None if there is no such stream."""
    try:
        return await connection.ask(f"$JS.API.{what}", request(**fields), answer)
    except NoResponders as error:
        raise Misconfigured(f"nobody answers for JetStream in this NATS: {_JETSTREAM}") from error
    except JetStreamError as error:
        if error.code == STREAM_NOT_FOUND:
            return None
        if error.temporary:
            raise Unavailable(str(error)) from error
        advice = f": {_JETSTREAM}" if error.code in JETSTREAM_OFF else ""
        raise Misconfigured(f"{error}{advice}") from error


def part(info: Fields, key: str) -> Fields:
    """Read a part of an answer; empty if it isn't there."""
    found = info.get(key)
    return found if isinstance(found, dict) else {}


def number(config: Fields, key: str) -> int:
    """Read a number of an answer; 0 if it isn't there."""
    value = config.get(key, 0)
    return value if isinstance(value, int) else 0
