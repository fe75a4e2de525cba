"""The one table of settings: variable, default, what is allowed, what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from brokers.base import Options, Retention
from brokers.registry import installed
from service.settings.kinds import ORIGINS, address, choice, number, one_of, secret, text, whole
from service.settings.limits import LimitSettings
from service.settings.row import META, Row
from service.settings.row import setting as _set

_DAY: Final = 24 * 3600
_MIB: Final = 1024 * 1024
_STOP_MARGIN: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(LimitSettings):
    """All settings of a node. Durations are seconds, sizes are bytes."""

    broker: str = _set("BROKER", "memory", choice(installed), "What joins the nodes.")
    redis_url: str = _set(
        "REDIS_URL",
        "redis://localhost:6379/0",
        address("redis", "rediss", "unix", "redis+sentinel", "redis+cluster", "rediss+cluster"),
        "Where Redis is, for BROKER=redis: one server, redis+sentinel://host:port,host:port/service/0, "
        "or redis+cluster://host:port,host:port.",
    )
    nats_url: str = _set(
        "NATS_URL",
        "nats://localhost:4222",
        address("nats", "tls", "ws", "wss"),
        "Where NATS is, for BROKER=nats; several servers of one cluster are separated by commas.",
    )
    broker_url: str = _set(
        "HUBBUB_BROKER_URL", "", address(), "Where the backbone is, for a broker that is not one of ours."
    )
    broker_timeout: float = _set(
        "HUBBUB_BROKER_TIMEOUT",
        5.0,
        number(0.1, 14),
        "How long a call of the broker may take. Clients give a command up after 15 s.",
    )
    prefix: str = _set(
        "HUBBUB_PREFIX",
        "hubbub",
        text("1 to 32 of the characters A-Z a-z 0-9 _ -", r"[A-Za-z0-9_-]{1,32}"),
        "What the names of everything in the backbone begin with: several hubbubs can share one.",
    )

    host: str = _set(
        "HUBBUB_HOST",
        "127.0.0.1",
        text("a host's name or address without spaces", r"\S{1,255}"),
        "The address to listen on; 0.0.0.0 or :: for all.",
    )
    port: int = _set("HUBBUB_PORT", 8000, whole(0, 65535), "The port to listen on; 0 for any that is free.")
    workers: int = _set(
        "HUBBUB_WORKERS",
        1,
        whole(1, 256),
        "Processes behind the port, each a node of its own; not with BROKER=memory.",
    )
    backlog: int = _set(
        "HUBBUB_BACKLOG",
        4096,
        whole(1, 65535),
        "Connections that may wait to be accepted; the system's own bound (somaxconn) holds too.",
    )
    origins: tuple[str, ...] = _set(
        "HUBBUB_ORIGINS",
        (),
        ORIGINS,
        "Origins of the web pages that may connect; without it those of the same host.",
    )

    connections: int = _set(
        "HUBBUB_CONNECTIONS",
        50_000,
        whole(1, 10_000_000),
        "Connections of a node; more are refused with 4001.",
    )
    admissions_per_second: float = _set(
        "HUBBUB_ADMISSIONS_PER_SECOND",
        1000.0,
        number(0.01, 1_000_000),
        "Connections a second that a node takes in the long run; the others are told when to come back.",
    )
    admissions_burst: int = _set(
        "HUBBUB_ADMISSIONS_BURST", 200, whole(1, 1_000_000), "Connections that a node takes at once."
    )
    frame_bytes: int = _set(
        "HUBBUB_FRAME_BYTES",
        65_536,
        whole(1024, 16 * _MIB),
        "The largest frame that a client may send; a larger one ends its connection with 1009.",
    )
    text_characters: int = _set(
        "HUBBUB_TEXT_CHARACTERS", 4000, whole(1, 1_000_000), "The longest message; a longer one is refused."
    )
    rooms_per_connection: int = _set(
        "HUBBUB_ROOMS_PER_CONNECTION", 100, whole(1, 10_000), "Rooms that one connection may be in."
    )
    sends_per_second: float = _set(
        "HUBBUB_SENDS_PER_SECOND",
        20.0,
        number(0.01, 1_000_000),
        "Messages a second that one connection may send in the long run.",
    )
    sends_burst: int = _set(
        "HUBBUB_SENDS_BURST", 60, whole(1, 1_000_000), "Messages that one connection may send at once."
    )

    hello_seconds: float = _set(
        "HUBBUB_HELLO_SECONDS", 10.0, number(0.1, 300), "How long a connection may take to say hello."
    )
    ping_seconds: float = _set(
        "HUBBUB_PING_SECONDS",
        25.0,
        number(1, 3600),
        "Between two pings; proxies close what is silent for longer than they allow, often 60 s.",
    )
    close_seconds: float = _set(
        "HUBBUB_CLOSE_SECONDS", 5.0, number(0.1, 60), "How long a peer may take to answer a close."
    )
    drain_seconds: float = _set(
        "HUBBUB_DRAIN_SECONDS",
        5.0,
        number(0, 3600),
        "Over how long a node that stops spreads its clients' going to other nodes.",
    )
    linger_seconds: float = _set(
        "HUBBUB_LINGER_SECONDS",
        10.0,
        number(0, 3600),
        "How long a node stays subscribed to a room that its last member left.",
    )
    node_seconds: float = _set(
        "HUBBUB_NODE_SECONDS",
        10.0,
        number(1, 300),
        "How long another node may be silent, before those who are connected to it count as gone.",
    )
    presence_names: int = _set(
        "HUBBUB_PRESENCE_NAMES",
        200,
        whole(0, 10_000),
        "In rooms with more users, presence says how many there are but not who came and went.",
    )

    lagging_seconds: float = _set(
        "HUBBUB_LAGGING_SECONDS",
        30.0,
        number(1, 3600),
        "How long a connection may read too slowly, before it's closed with 4000 to come back and resume.",
    )
    write_buffer_bytes: int = _set(
        "HUBBUB_WRITE_BUFFER_BYTES",
        65_536,
        whole(4096, 64 * _MIB),
        "What may wait unsent for one connection, before it counts as lagging.",
    )
    log_entries: int = _set(
        "HUBBUB_LOG_ENTRIES", 2048, whole(1, 1_000_000), "Messages of each room that a node holds in memory."
    )
    log_bytes: int = _set(
        "HUBBUB_LOG_BYTES", _MIB, whole(4096, 1024 * _MIB), "Bytes of each room that a node holds in memory."
    )

    history_entries: int = _set(
        "HUBBUB_HISTORY_ENTRIES", 1000, whole(1, 10_000_000), "Messages of each room that the broker keeps."
    )
    history_bytes: int = _set(
        "HUBBUB_HISTORY_BYTES",
        4 * _MIB,
        whole(4096, 1024 * _MIB),
        "Bytes of each room that the broker keeps.",
    )
    history_seconds: float = _set(
        "HUBBUB_HISTORY_SECONDS",
        7.0 * _DAY,
        number(0, 3650 * _DAY),
        "How long the broker keeps a message; 0 for ever.",
    )
    history_total_bytes: int = _set(
        "HUBBUB_HISTORY_TOTAL_BYTES",
        1024 * _MIB,
        whole(16 * _MIB, 1024 * 1024 * 1024 * _MIB),
        "Bytes of all rooms together that NATS keeps, on each replica; the oldest entries go, of any room.",
    )
    history_rooms: int = _set(
        "HUBBUB_HISTORY_ROOMS",
        10_000,
        whole(1, 10_000_000),
        "Rooms that the broker keeps; beyond it the one that was quiet longest is forgotten.",
    )
    key_seconds: float = _set(
        "HUBBUB_KEY_SECONDS",
        300.0,
        number(60, _DAY),
        "How long a message that is sent again is recognised by its key.",
    )

    auth: str = _set(
        "HUBBUB_AUTH",
        "guests",
        one_of("guests", "tokens", "both"),
        "Who may come in: by a name, by a token.",
    )
    token_key: str = _set(
        "HUBBUB_TOKEN_KEY",
        "",
        secret("the shared secret for HS256, the PEM of the public key otherwise", r"(?s).+"),
        "What tokens are checked with.",
    )
    token_algorithm: str = _set(
        "HUBBUB_TOKEN_ALGORITHM", "HS256", one_of("HS256", "RS256", "EdDSA"), "How tokens are signed."
    )
    token_audience: str = _set(
        "HUBBUB_TOKEN_AUDIENCE", "", text(), "The `aud` that tokens must have, if set."
    )
    token_issuer: str = _set("HUBBUB_TOKEN_ISSUER", "", text(), "The `iss` that tokens must have, if set.")
    api_key: str = _set(
        "HUBBUB_API_KEY",
        "",
        secret("at least 16 characters", r"\S{16,}"),
        "What programs show to use the HTTP API; without it the API takes tokens only.",
    )

    log_format: str = _set(
        "HUBBUB_LOG_FORMAT",
        "auto",
        one_of("auto", "text", "json"),
        "How the log is written; auto is text on a terminal and JSON otherwise.",
    )
    log_level: str = _set(
        "HUBBUB_LOG_LEVEL", "info", one_of("debug", "info", "warning", "error"), "What is logged."
    )

    @property
    def retention(self) -> Retention:
        """How much of each room the broker keeps."""
        return Retention(
            entries=self.history_entries,
            size=self.history_bytes,
            age=self.history_seconds,
            total=self.history_total_bytes,
            rooms=self.history_rooms,
        )

    @property
    def kept_seconds(self) -> float:
        """How long a message is kept where history is read; 0 for ever."""
        return self.archive_seconds if self.archive_url else self.history_seconds

    @property
    def broker_options(self) -> Options:
        """What the broker is made from."""
        urls = {"memory": "", "redis": self.redis_url, "nats": self.nats_url}
        return Options(
            url=urls.get(self.broker, self.broker_url),
            retention=self.retention,
            key_window=self.key_seconds,
            timeout=self.broker_timeout,
            prefix=self.prefix,
        )

    @property
    def stop_seconds(self) -> float:
        """How long a process that was told to stop may take: its parts' own limits, and some more."""
        return self.drain_seconds + 3 * self.close_seconds + _STOP_MARGIN

    @property
    def takes_guests(self) -> bool:
        """Whether a name is enough to come in."""
        return self.auth != "tokens"

    @property
    def takes_tokens(self) -> bool:
        """Whether tokens are looked at."""
        return self.auth != "guests"


def rows() -> Iterator[Row]:
    """Go through the table, in its order."""
    for entry in fields(Settings):
        variable, kind, meaning = entry.metadata[META]
        yield Row(variable, entry.name, entry.default, kind, meaning)
