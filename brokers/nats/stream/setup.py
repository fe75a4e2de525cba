"""Set up the streams: create the missing ones, and check or update the existing ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from brokers.base import BrokerOptions
from brokers.errors import Misconfigured, Unavailable
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import STREAM_EXISTS, Fields, JetStreamError, answer, request
from brokers.nats.stream.heads import complete_heads
from brokers.nats.stream.info import call, identity, info, number, part
from brokers.nats.stream.restored import begin_epoch_if_restored
from brokers.nats.subjects import Subjects
from brokers.nats.watermark import Watermark

_BATCHES: Final = (2, 11)  # the first version that answers one request with several messages
_SECOND: Final = 1_000_000_000
# Settings that may be changed while a stream is in use; the others have to match.
_CHANGEABLE: Final = (
    "max_msgs_per_subject",
    "max_msgs",
    "max_bytes",
    "max_age",
    "duplicate_window",
    "num_replicas",
    "discard",
)
# Settings that the operator may choose.
_ENTRIES_CHOICE: Final = frozenset({"storage"})
_HEADS_CHOICE: Final = frozenset({"storage"})

_BYTES: Final = "HUBBUB_HISTORY_TOTAL_BYTES sets how much is reserved: lower it, or give NATS more storage"
# Advice for an operator, by JetStream error code.
_ADVICE: Final[Mapping[object, str]] = {
    10005: f". Each replica needs its own server with enough storage. {_BYTES}",
    10023: f". {_BYTES}",
    10027: ". The account needs two streams for hubbub: raise its limit",
    10047: f". {_BYTES}",
    10074: ". NATS_URL asks for replicas, but this NATS server is not part of a cluster",
    10113: f". {_BYTES}",
    10122: f". {_BYTES}",
}

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryStream:
    """The stream of entries as it was found.

    Attributes:
        epoch: identifies it; another stream of the same name has another epoch.
        most: entries of a room that are shown. One more is stored: it holds the previous offset of the first.
        replicated: whether replicas answer, too; they may lag.
        batches: whether the server answers one request with several messages.
    """

    subjects: Subjects
    epoch: str
    most: int
    replicated: bool
    batches: bool


async def ensure_streams(
    connection: NatsConnection,
    options: BrokerOptions,
    subjects: Subjects,
    replicas: int | None,
    newest: Watermark,
    *,
    adapt: bool,
) -> EntryStream:
    """Find or create the streams. With `adapt`, update their limits to the options.

    Raises:
        Misconfigured: they are incompatible or can't be created; the message says why.
    """
    entries, heads = _entries(options, subjects, replicas), _heads(options, subjects, replicas)
    # Heads first: the stream of entries may be created meanwhile, by a node that starts as well.
    leftover = number(part(await info(connection, subjects.heads) or {}, "state"), "last_seq")
    if await info(connection, subjects.entries) is None:
        if leftover:
            # The heads of a removed stream would be taken for those of the new one.
            await call(connection, f"STREAM.DELETE.{subjects.heads}", {})
        adapt = True
    # Heads first: heads that are newer than the entries reveal that the stream of heads is incomplete.
    await _ensure(connection, heads, _HEADS_CHOICE, adapt=adapt)
    found = await _ensure(connection, entries, _ENTRIES_CHOICE, adapt=adapt)
    if await begin_epoch_if_restored(connection, subjects, newest):
        await _ensure(connection, heads, _HEADS_CHOICE, adapt=adapt)
        found = await _ensure(connection, entries, _ENTRIES_CHOICE, adapt=adapt)
    if not await complete_heads(connection, subjects):
        await _ensure(connection, heads, _HEADS_CHOICE, adapt=adapt)
    config = part(found, "config")
    return EntryStream(
        subjects=subjects,
        epoch=identity(found),
        most=number(config, "max_msgs_per_subject") - 1,
        replicated=number(config, "num_replicas") > 1,
        batches=connection.version >= _BATCHES,
    )


def _entries(options: BrokerOptions, subjects: Subjects, replicas: int | None) -> dict[str, object]:
    age = options.retention.age
    window = options.key_window
    if age and age < window:
        # NATS rejects a window longer than the age.
        _log.warning("nats_key_window_limited", extra={"asked": window, "given": age})
        window = age
    return {
        "name": subjects.entries,
        "subjects": [subjects.every_in],
        "max_msgs_per_subject": options.retention.entries + 1,
        "max_bytes": options.retention.total,
        "max_age": round(age * _SECOND),
        "duplicate_window": round(window * _SECOND),
        # A full stream refuses entries: `old` would evict those of other rooms.
        "discard": "new",
        "republish": {"src": f"{subjects.prefix}.in.>", "dest": f"{subjects.prefix}.out.>"},
        **_common(replicas),
    }


def _heads(options: BrokerOptions, subjects: Subjects, replicas: int | None) -> dict[str, object]:
    return {
        "name": subjects.heads,
        "subjects": [subjects.every_out],
        "max_msgs_per_subject": 1,
        "max_msgs": options.retention.rooms + 1,  # including the probe's
        "max_bytes": options.retention.total // 4,
        "duplicate_window": _SECOND // 10,
        "discard": "old",
        **_common(replicas),
    }


def _common(replicas: int | None) -> dict[str, object]:
    return {
        "retention": "limits",
        "storage": "file",
        "allow_direct": True,
        **({"num_replicas": replicas} if replicas else {}),
    }


async def _ensure(
    connection: NatsConnection, wanted: Mapping[str, object], choice: AbstractSet[str], *, adapt: bool
) -> Fields:
    name = wanted["name"]
    found = await info(connection, str(name)) or await _create(connection, wanted)
    config = part(found, "config")
    differs = [key for key in wanted if key not in choice and config.get(key) != wanted[key]]
    wrong = [key for key in differs if key not in _CHANGEABLE]
    if wrong:
        differences = "; ".join(f"{key} is {config.get(key)!r}, not {wanted[key]!r}" for key in wrong)
        raise Misconfigured(
            f"the NATS stream {name!r} has an incompatible configuration: {differences}. "
            "Remove the stream, or set another HUBBUB_PREFIX."
        )
    if differs and adapt:
        changed = {**config, **{key: wanted[key] for key in differs}}
        return await _call_or_explain(
            connection, f"STREAM.UPDATE.{name}", changed, f"update the stream {name!r}"
        )
    return found


async def _create(connection: NatsConnection, wanted: Mapping[str, object]) -> Fields:
    name = wanted["name"]
    try:
        return await _call_or_explain(
            connection, f"STREAM.CREATE.{name}", wanted, f"create the stream {name!r}"
        )
    except Misconfigured as error:
        cause = error.__cause__
        if not isinstance(cause, JetStreamError) or cause.code != STREAM_EXISTS:
            raise
    # Another node created it first, with other limits.
    found = await info(connection, str(name))
    if found is None:
        raise Unavailable(f"the stream {name!r} was removed right after it was created")
    return found


async def _call_or_explain(
    connection: NatsConnection, call: str, fields: Mapping[str, object], what: str
) -> Fields:
    try:
        return await connection.ask(f"$JS.API.{call}", request(**fields), answer)
    except JetStreamError as error:
        if error.temporary:
            raise Unavailable(f"NATS can't {what} yet: {error}") from error
        advice = _ADVICE.get(error.code, "")
        raise Misconfigured(f"NATS refuses to {what}: {error}{advice}") from error
