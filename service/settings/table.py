"""The one table of settings: variable, default, what is allowed, what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from brokers.base import BrokerOptions, Retention
from brokers.registry import installed
from service.settings.archive import ArchiveSettings
from service.settings.files import FileSettings
from service.settings.identity import IdentitySettings
from service.settings.kinds import HOSTS, ORIGINS, address, choice, number, one_of, password, text, whole
from service.settings.limits import LimitSettings
from service.settings.push import PushSettings
from service.settings.row import META, Row
from service.settings.row import setting as _set

_DAY: Final = 24 * 3600
_MIB: Final = 1024 * 1024
_STOP_MARGIN: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(LimitSettings, PushSettings, FileSettings, IdentitySettings, ArchiveSettings):
    """All settings of a node. Durations are seconds, sizes are bytes."""

    broker: str = _set("BROKER", "memory", choice(installed), "The broker that connects the nodes.")
    redis_url: str = _set(
        "REDIS_URL",
        "redis://localhost:6379/0",
        address("redis", "rediss", "unix", "redis+sentinel", "redis+cluster", "rediss+cluster"),
        "The address of Redis, for BROKER=redis: one server, redis+sentinel://host:port,host:port/service/0, "
        "or redis+cluster://host:port,host:port.",
    )
    redis_user: str = _set(
        "REDIS_USER", "", password(), "The user for Redis, instead of the one in REDIS_URL."
    )
    redis_password: str = _set(
        "REDIS_PASSWORD", "", password(), "The password for Redis, with any characters, not encoded."
    )
    nats_url: str = _set(
        "NATS_URL",
        "nats://localhost:4222",
        address("nats", "tls", "ws", "wss"),
        "The addresses of NATS, for BROKER=nats; servers of one cluster are separated by commas.",
    )
    nats_user: str = _set("NATS_USER", "", password(), "The user for NATS, instead of the one in NATS_URL.")
    nats_password: str = _set(
        "NATS_PASSWORD", "", password(), "The password for NATS, with any characters, not encoded."
    )
    nats_token: str = _set(
        "NATS_TOKEN", "", password(), "A token for NATS, not encoded, instead of user and password."
    )
    broker_url: str = _set(
        "HUBBUB_BROKER_URL", "", address(), "The address of the backbone, for a third-party broker."
    )
    broker_timeout: float = _set(
        "HUBBUB_BROKER_TIMEOUT",
        5.0,
        number(0.1, 14),
        "Time limit of a call to the broker. Clients time out after 15 s.",
    )
    start_seconds: float = _set(
        "HUBBUB_START_SECONDS", 300.0, number(0, 86_400), "How long a starting node waits for the broker."
    )
    prefix: str = _set(
        "HUBBUB_PREFIX",
        "hubbub",
        text("1 to 32 of the characters A-Z a-z 0-9 _ -", r"[A-Za-z0-9_-]{1,32}"),
        "Prefix of all names in the backbone, so that several installations can share it.",
    )

    host: str = _set(
        "HUBBUB_HOST",
        "127.0.0.1",
        text("a host's name or address without spaces", r"\S{1,255}"),
        "The address to listen on; 0.0.0.0 or :: for all.",
    )
    port: int = _set("HUBBUB_PORT", 8000, whole(0, 65535), "The port to listen on; 0 for any free port.")
    operator_port: int = _set(
        "HUBBUB_OPERATOR_PORT",
        0,
        whole(0, 65535),
        "The port of /metrics and of the details of /health; 0 for HUBBUB_PORT, which shows them only to "
        "requests from this machine that passed no proxy.",
    )
    workers: int = _set(
        "HUBBUB_WORKERS",
        1,
        whole(1, 256),
        "Processes behind the port, each of them a node; not with BROKER=memory.",
    )
    backlog: int = _set(
        "HUBBUB_BACKLOG",
        4096,
        whole(1, 65535),
        "Length of the queue of connections to accept; the system also limits it (somaxconn).",
    )
    origins: tuple[str, ...] = _set(
        "HUBBUB_ORIGINS",
        (),
        ORIGINS,
        "Origins of the web pages that may connect; by default those of the same host and port.",
    )
    hosts: tuple[str, ...] = _set(
        "HUBBUB_HOSTS",
        (),
        HOSTS,
        "Hosts that a websocket handshake may name; by default all. A list refuses pages whose domain points "
        "at this node.",
    )

    connections: int = _set(
        "HUBBUB_CONNECTIONS",
        50_000,
        whole(1, 10_000_000),
        "Connections of a node; further ones are closed with 4001.",
    )
    admissions_per_second: float = _set(
        "HUBBUB_ADMISSIONS_PER_SECOND",
        1000.0,
        number(0.01, 1_000_000),
        "New connections a second; rejected clients receive the time to reconnect.",
    )
    admissions_burst: int = _set(
        "HUBBUB_ADMISSIONS_BURST", 200, whole(1, 1_000_000), "New connections that are admitted at once."
    )
    frame_bytes: int = _set(
        "HUBBUB_FRAME_BYTES",
        65_536,
        whole(1024, 16 * _MIB),
        "The largest frame that a client may send; a larger one closes the connection with 1009.",
    )
    text_characters: int = _set(
        "HUBBUB_TEXT_CHARACTERS", 4000, whole(1, 1_000_000), "Length of a text; a longer one is rejected."
    )
    rooms_per_connection: int = _set(
        "HUBBUB_ROOMS_PER_CONNECTION", 100, whole(1, 10_000), "Rooms that one connection may join."
    )
    edit_seconds: float = _set(
        "HUBBUB_EDIT_SECONDS",
        _DAY,
        number(0, 3650 * _DAY),
        "Time in which authors may edit their messages; 0 for ever.",
    )

    hello_seconds: float = _set(
        "HUBBUB_HELLO_SECONDS", 10.0, number(0.1, 300), "Time limit for `hello` on a new connection."
    )
    ping_seconds: float = _set(
        "HUBBUB_PING_SECONDS",
        25.0,
        number(1, 3600),
        "Interval of pings. Proxies close idle connections, often after 60 s.",
    )
    close_seconds: float = _set(
        "HUBBUB_CLOSE_SECONDS", 5.0, number(0.1, 60), "Time limit of the closing handshake."
    )
    drain_seconds: float = _set(
        "HUBBUB_DRAIN_SECONDS",
        5.0,
        number(0, 3600),
        "Time over which a stopping node spreads the reconnects of its clients (graceful shutdown).",
    )
    linger_seconds: float = _set(
        "HUBBUB_LINGER_SECONDS",
        10.0,
        number(0, 3600),
        "Time that a node stays subscribed to a room after its last member left.",
    )
    node_seconds: float = _set(
        "HUBBUB_NODE_SECONDS",
        10.0,
        number(1, 300),
        "Time without heartbeats after which another node is lost and its users leave.",
    )
    presence_names: int = _set(
        "HUBBUB_PRESENCE_NAMES",
        200,
        whole(0, 10_000),
        "In rooms with more users, presence has only the number of users, and no names.",
    )

    lagging_seconds: float = _set(
        "HUBBUB_LAGGING_SECONDS",
        30.0,
        number(1, 3600),
        "Time after which a slow consumer is closed with 4000; the client reconnects and resumes.",
    )
    write_buffer_bytes: int = _set(
        "HUBBUB_WRITE_BUFFER_BYTES",
        65_536,
        whole(4096, 64 * _MIB),
        "Unsent bytes of a connection above which it is a slow consumer.",
    )
    log_entries: int = _set(
        "HUBBUB_LOG_ENTRIES", 2048, whole(1, 1_000_000), "Messages of each room in a node's memory."
    )
    log_bytes: int = _set(
        "HUBBUB_LOG_BYTES", _MIB, whole(4096, 1024 * _MIB), "Bytes of each room in a node's memory."
    )

    history_entries: int = _set(
        "HUBBUB_HISTORY_ENTRIES", 1000, whole(1, 10_000_000), "Messages of each room that the broker stores."
    )
    history_bytes: int = _set(
        "HUBBUB_HISTORY_BYTES",
        4 * _MIB,
        whole(4096, 1024 * _MIB),
        "Bytes of each room that the broker stores.",
    )
    history_seconds: float = _set(
        "HUBBUB_HISTORY_SECONDS",
        7.0 * _DAY,
        number(0, 3650 * _DAY),
        "Time that the broker stores a message; 0 for ever.",
    )
    history_total_bytes: int = _set(
        "HUBBUB_HISTORY_TOTAL_BYTES",
        1024 * _MIB,
        whole(16 * _MIB, 1024 * 1024 * 1024 * _MIB),
        "Bytes of all rooms that NATS stores, on each replica; beyond it messages are refused.",
    )
    history_rooms: int = _set(
        "HUBBUB_HISTORY_ROOMS",
        10_000,
        whole(1, 10_000_000),
        "Rooms that memory or Redis stores; beyond it new rooms are refused until one has expired.",
    )
    key_seconds: float = _set(
        "HUBBUB_KEY_SECONDS",
        300.0,
        number(60, _DAY),
        "Time that idempotency keys are known: a retry within it is deduplicated.",
    )

    log_format: str = _set(
        "HUBBUB_LOG_FORMAT",
        "auto",
        one_of("auto", "text", "json"),
        "The format of the log; auto is text on a terminal and JSON otherwise.",
    )
    log_level: str = _set(
        "HUBBUB_LOG_LEVEL",
        "info",
        one_of("debug", "info", "warning", "error"),
        "The lowest level that is logged.",
    )

    @property
    def retention(self) -> Retention:
        """How much of each room the broker stores."""
        return Retention(
            entries=self.history_entries,
            size=self.history_bytes,
            age=self.history_seconds,
            total=self.memory_bytes if self.broker == "memory" else self.history_total_bytes,
            rooms=self.history_rooms,
        )

    @property
    def kept_seconds(self) -> float:
        """How long a message is kept where history is read; 0 for ever."""
        return self.archive_seconds if self.archive_url else self.history_seconds

    @property
    def kept_entries(self) -> int:
        """How many entries of a room are kept where history is read; 0 for all."""
        return self.archive_entries if self.archive_url else self.history_entries

    @property
    def broker_options(self) -> BrokerOptions:
        """The options of the broker."""
        urls = {"memory": "", "redis": self.redis_url, "nats": self.nats_url}
        users = {"redis": self.redis_user, "nats": self.nats_user}
        passwords = {"redis": self.redis_password, "nats": self.nats_password}
        return BrokerOptions(
            url=urls.get(self.broker, self.broker_url),
            user=users.get(self.broker, ""),
            password=passwords.get(self.broker, ""),
            token=self.nats_token if self.broker == "nats" else "",
            retention=self.retention,
            key_window=self.key_seconds,
            timeout=self.broker_timeout,
            prefix=self.prefix,
        )

    @property
    def stop_seconds(self) -> float:
        """The time limit of a stopping process: the limits of its parts, and a margin."""
        return self.drain_seconds + 3 * self.close_seconds + _STOP_MARGIN


def rows() -> Iterator[Row]:
    """Yield the rows of the table, in order."""
    for entry in fields(Settings):
        variable, kind, meaning = entry.metadata[META]
        yield Row(variable, entry.name, entry.default, kind, meaning)
