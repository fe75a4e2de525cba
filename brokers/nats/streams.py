"""The streams in NATS: made if they are not there, otherwise looked at."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from brokers.base import Options
from brokers.errors import Misconfigured, Unavailable
from brokers.nats.link import Link
from brokers.nats.names import Names
from brokers.nats.wire import (
    STREAM_EXISTS,
    STREAM_NOT_FOUND,
    ApiError,
    Fields,
    NobodyAnswers,
    answer,
    request,
)

_BATCHES: Final = (2, 11)  # the first server that answers one request with several messages
_SECOND: Final = 1_000_000_000
_SKEW: Final = timedelta(minutes=1)  # the server's clock is another
# What may be changed while a stream is in use; all else has to be as it was made.
_LIMITS: Final = ("max_msgs_per_subject", "max_msgs", "max_age", "duplicate_window", "num_replicas")
# Left as an operator made it.
_FREE: Final = ("storage",)

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The stream of entries as it is.

    Attributes:
        epoch: who it is; another stream of the same name is another epoch.
        most: entries of a room that are shown. One more is stored: it tells what is ahead of the first.
        expires: when its first entries can have become too old; None if they never do.
        replicated: whether others than its leader answer, and may trail.
        batches: whether the server answers one request with several messages.
    """

    names: Names
    epoch: str
    most: int
    expires: datetime | None
    replicated: bool
    batches: bool

    @property
    def has_expired(self) -> bool:
        """Whether any of its entries can have become too old."""
        return self.expires is not None and self.expires <= datetime.now(UTC) + _SKEW


async def prepare(link: Link, options: Options, names: Names, replicas: int | None, *, adapt: bool) -> Stream:
    """Find the streams, or make them. With `adapt`, their limits are set to the options.

    Raises:
        Misconfigured: they can't be used, or not be made; the message says why.
    """
    entries, heads = _entries(options, names, replicas), _heads(options, names, replicas)
    if await _info(link, names.entries) is None:
        # Heads of a stream that is gone would be taken for those of the new one.
        await _call(link, f"STREAM.DELETE.{names.heads}", {})
        await _create(link, entries)
        adapt = True
    if options.retention.age:
        await _ensure(link, heads, adapt=adapt)
    info = await _ensure(link, entries, adapt=adapt)
    config = _part(info, "config")
    age = _number(config, "max_age") / _SECOND
    return Stream(
        names=names,
        epoch=identity(info),
        most=_number(config, "max_msgs_per_subject") - 1,
        expires=_created(info) + timedelta(seconds=age) if age else None,
        replicated=_number(config, "num_replicas") > 1,
        batches=link.version >= _BATCHES,
    )


async def current_epoch(link: Link, names: Names) -> str:
    """Ask the stream's leader for its epoch; empty if there is no such stream."""
    info = await _info(link, names.entries)
    return identity(info) if info else ""


def identity(info: Fields) -> str:
    """Tell a stream from all others that had its name: by the time when it was made."""
    return re.sub(r"\D", "", str(info["created"]))


def _created(info: Fields) -> datetime:
    return datetime.strptime(str(info["created"])[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)


def _entries(options: Options, names: Names, replicas: int | None) -> dict[str, object]:
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
        "max_age": round(age * _SECOND),
        "duplicate_window": round(window * _SECOND),
        "republish": {"src": f"{names.prefix}.in.>", "dest": f"{names.prefix}.out.>"},
        **_common(replicas),
    }


def _heads(options: Options, names: Names, replicas: int | None) -> dict[str, object]:
    return {
        "name": names.heads,
        "subjects": [names.every_out],
        "max_msgs_per_subject": 1,
        "max_msgs": options.retention.rooms + 1,  # with the probe's
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


async def _ensure(link: Link, wanted: Mapping[str, object], *, adapt: bool) -> Fields:
    name = wanted["name"]
    info = await _info(link, str(name))
    if info is None:
        info = await _create(link, wanted)
    config = _part(info, "config")
    differs = [key for key in wanted if key not in _FREE and config.get(key) != wanted[key]]
    wrong = [key for key in differs if key not in _LIMITS]
    if wrong:
        told = "; ".join(f"{key} is {config.get(key)!r}, not {wanted[key]!r}" for key in wrong)
        raise Misconfigured(
            f"NATS has a stream {name!r} that is not as hubbub makes it: {told}. "
            "Remove it, or set another HUBBUB_PREFIX."
        )
    if differs and adapt:
        changed = {**config, **{key: wanted[key] for key in differs}}
        info = await _must(link, f"STREAM.UPDATE.{name}", changed, f"change the stream {name!r}")
    return info


async def _create(link: Link, wanted: Mapping[str, object]) -> Fields:
    name = wanted["name"]
    try:
        return await _must(link, f"STREAM.CREATE.{name}", wanted, f"make the stream {name!r}")
    except Misconfigured as error:
        cause = error.__cause__
        if not isinstance(cause, ApiError) or cause.code != STREAM_EXISTS:
            raise
    # Another node was first, with other limits.
    info = await _info(link, str(name))
    if info is None:
        raise Unavailable(f"the stream {name!r} was made and removed meanwhile")
    return info


async def _must(link: Link, call: str, fields: Mapping[str, object], what: str) -> Fields:
    try:
        return await link.ask(f"$JS.API.{call}", request(**fields), answer)
    except ApiError as error:
        if error.temporary:
            raise Unavailable(f"NATS can't {what} yet: {error}") from error
        raise Misconfigured(f"NATS doesn't {what}: {error}") from error


async def _info(link: Link, name: str) -> Fields | None:
    return await _call(link, f"STREAM.INFO.{name}", {})


async def _call(link: Link, call: str, fields: Mapping[str, object]) -> Fields | None:
    try:
        return await link.ask(f"$JS.API.{call}", request(**fields), answer)
    except NobodyAnswers as error:
        raise Misconfigured(
            "nobody answers for JetStream in this NATS: start nats-server with -js, "
            "and enable JetStream for the account"
        ) from error
    except ApiError as error:
        if error.code == STREAM_NOT_FOUND:
            return None
        if error.temporary:
            raise Unavailable(str(error)) from error
        raise Misconfigured(str(error)) from error


def _part(info: Fields, key: str) -> Fields:
    part = info.get(key)
    return part if isinstance(part, dict) else {}


def _number(config: Fields, key: str) -> int:
    value = config.get(key, 0)
    return value if isinstance(value, int) else 0
