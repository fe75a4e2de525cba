"""The streams in NATS: made if they are not there, otherwise looked at."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from brokers.base import Options
from brokers.errors import Misconfigured, Unavailable
from brokers.nats.connection.connection import NatsConnection
from brokers.nats.jetstream import STREAM_EXISTS, Fields, JetStreamError, answer, request
from brokers.nats.stream.info import call, identity, info, number, part
from brokers.nats.subjects import Subjects

_BATCHES: Final = (2, 11)  # the first server that answers one request with several messages
_SECOND: Final = 1_000_000_000
# What may be changed while a stream is in use; all else has to be as it was made.
_CHANGEABLE: Final = (
    "max_msgs_per_subject",
    "max_msgs",
    "max_bytes",
    "max_age",
    "duplicate_window",
    "num_replicas",
)
# Left as an operator made it.
_OPERATOR_CHOICE: Final = ("storage",)

_BYTES: Final = "HUBBUB_HISTORY_TOTAL_BYTES says how much is asked for; lower it, or let NATS store more"
# What an operator can do about it, by the number of the error.
_ADVICE: Final[Mapping[object, str]] = {
    10005: f". Each replica needs a server of its own with room for it. {_BYTES}",
    10023: f". {_BYTES}",
    10027: ". The account needs two streams for hubbub: allow it more",
    10047: f". {_BYTES}",
    10074: ". NATS_URL asks for replicas, but this NATS is no cluster",
    10113: f". {_BYTES}",
    10122: f". {_BYTES}",
}

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryStream:
    """The stream of entries as it is.

    Attributes:
        epoch: who it is; another stream of the same name is another epoch.
        most: entries of a room that are shown. One more is stored: it tells what is ahead of the first.
        replicated: whether others than its leader answer, and may trail.
        batches: whether the server answers one request with several messages.
    """

    names: Subjects
    epoch: str
    most: int
    replicated: bool
    batches: bool


async def ensure_streams(
    connection: NatsConnection, options: Options, names: Subjects, replicas: int | None, *, adapt: bool
) -> EntryStream:
    """Find the streams, or make them. With `adapt`, their limits are set to the options.

    Raises:
        Misconfigured: they can't be used, or not be made; the message says why.
    """
    entries, heads = _entries(options, names, replicas), _heads(options, names, replicas)
    if await info(connection, names.entries) is None:
        # Heads of a stream that is gone would be taken for those of the new one.
        await call(connection, f"STREAM.DELETE.{names.heads}", {})
        adapt = True
    # Heads first: so those that are younger than the stream of entries are known not to be all.
    await _ensure(connection, heads, adapt=adapt)
    found = await _ensure(connection, entries, adapt=adapt)
    config = part(found, "config")
    return EntryStream(
        names=names,
        epoch=identity(found),
        most=number(config, "max_msgs_per_subject") - 1,
        replicated=number(config, "num_replicas") > 1,
        batches=connection.version >= _BATCHES,
    )


def _entries(options: Options, names: Subjects, replicas: int | None) -> dict[str, object]:
    age = options.retention.age
    window = options.key_window
    if age and age < window:
        # NATS refuses a window that is longer than the age.
        _log.warning("nats_key_window_is_cut", extra={"asked": window, "given": age})
        window = age
    return {
        "name": names.entries,
        "subjects": [names.every_in],
        "max_msgs_per_subject": options.retention.entries + 1,
        "max_bytes": options.retention.total,
        "max_age": round(age * _SECOND),
        "duplicate_window": round(window * _SECOND),
        "republish": {"src": f"{names.prefix}.in.>", "dest": f"{names.prefix}.out.>"},
        **_common(replicas),
    }


def _heads(options: Options, names: Subjects, replicas: int | None) -> dict[str, object]:
    return {
        "name": names.heads,
        "subjects": [names.every_out],
        "max_msgs_per_subject": 1,
        "max_msgs": options.retention.rooms + 1,  # with the probe's
        "max_bytes": options.retention.total // 4,
        "duplicate_window": _SECOND // 10,
        **_common(replicas),
    }


def _common(replicas: int | None) -> dict[str, object]:
    return {
        "retention": "limits",
        "discard": "old",
        "storage": "file",
        "allow_direct": True,
        **({"num_replicas": replicas} if replicas else {}),
    }


async def _ensure(connection: NatsConnection, wanted: Mapping[str, object], *, adapt: bool) -> Fields:
    name = wanted["name"]
    found = await info(connection, str(name)) or await _create(connection, wanted)
    config = part(found, "config")
    differs = [key for key in wanted if key not in _OPERATOR_CHOICE and config.get(key) != wanted[key]]
    wrong = [key for key in differs if key not in _CHANGEABLE]
    if wrong:
        told = "; ".join(f"{key} is {config.get(key)!r}, not {wanted[key]!r}" for key in wrong)
        raise Misconfigured(
            f"NATS has a stream {name!r} that is not as hubbub makes it: {told}. "
            "Remove it, or set another HUBBUB_PREFIX."
        )
    if differs and adapt:
        changed = {**config, **{key: wanted[key] for key in differs}}
        return await _call_or_explain(
            connection, f"STREAM.UPDATE.{name}", changed, f"change the stream {name!r}"
        )
    return found


async def _create(connection: NatsConnection, wanted: Mapping[str, object]) -> Fields:
    name = wanted["name"]
    try:
        return await _call_or_explain(
            connection, f"STREAM.CREATE.{name}", wanted, f"make the stream {name!r}"
        )
    except Misconfigured as error:
        cause = error.__cause__
        if not isinstance(cause, JetStreamError) or cause.code != STREAM_EXISTS:
            raise
    # Another node was first, with other limits.
    found = await info(connection, str(name))
    if found is None:
        raise Unavailable(f"the stream {name!r} was made and removed meanwhile")
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
        raise Misconfigured(f"NATS doesn't {what}: {error}{advice}") from error
