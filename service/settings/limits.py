"""The settings that limit what clients may use: each connection, and all of one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from service.settings.kinds import NETWORKS, Network, number, whole
from service.settings.row import setting as _set

_MIB: Final = 1024 * 1024


# Without slots: `Settings` can inherit them from one base only.
@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """What a connection may send besides its messages, and what the clients of an address may use."""

    commands_per_second: float = _set(
        "HUBBUB_COMMANDS_PER_SECOND",
        50.0,
        number(0.01, 1_000_000),
        "Frames a second that one connection may send in the long run, on top of HUBBUB_SENDS_PER_SECOND: "
        "commands, pings, pongs and fragments. Above it the connection is read more slowly.",
    )
    commands_burst: int = _set(
        "HUBBUB_COMMANDS_BURST",
        500,
        whole(1, 1_000_000),
        "Frames that one connection may send at once, on top of HUBBUB_SENDS_BURST.",
    )
    flood_seconds: float = _set(
        "HUBBUB_FLOOD_SECONDS",
        10.0,
        number(0.1, 3600),
        "How long a connection may stay above that rate without a pause, before it is closed with 4003.",
    )
    sends_per_second: float = _set(
        "HUBBUB_SENDS_PER_SECOND",
        20.0,
        number(0.01, 1_000_000),
        "Messages a second that one user may send; ten times as many the guests of one address together.",
    )
    sends_burst: int = _set(
        "HUBBUB_SENDS_BURST", 60, whole(1, 1_000_000), "Messages that one user may send at once."
    )
    memory_bytes: int = _set(
        "HUBBUB_MEMORY_BYTES",
        256 * _MIB,
        whole(4 * _MIB, 1024 * 1024 * _MIB),
        "Memory of all messages with BROKER=memory; beyond it, rooms that have more than their share lose "
        "their oldest messages, or forget those that the archive has.",
    )
    bytes_per_second: int = _set(
        "HUBBUB_BYTES_PER_SECOND",
        32_768,
        whole(1024, 1024 * 1024 * 1024),
        "Bytes of messages a second that one user may send; ten times as many the guests of one address "
        "together. What 8 seconds allow may be sent at once.",
    )
    trusted_proxies: tuple[Network, ...] = _set(
        "HUBBUB_TRUSTED_PROXIES",
        (),
        NETWORKS,
        "Proxies whose X-Forwarded-For or Forwarded is believed. Behind any other proxy, all clients have "
        "its address, and share the limits of one.",
    )
    connections_per_address: int = _set(
        "HUBBUB_CONNECTIONS_PER_ADDRESS",
        500,
        whole(1, 10_000_000),
        "Connections of one address (IPv4, or an IPv6 network of 64 bits); others are closed with 4001.",
    )
    admissions_per_address: float = _set(
        "HUBBUB_ADMISSIONS_PER_ADDRESS",
        25.0,
        number(0.01, 1_000_000),
        "New connections a second from one address; four times as many at once.",
    )
    requests_per_address: float = _set(
        "HUBBUB_REQUESTS_PER_ADDRESS",
        100.0,
        number(0.01, 1_000_000),
        "HTTP requests a second of one address, and rooms that its guests open, four times as many at once; "
        "further ones wait.",
    )
    names_per_address: int = _set(
        "HUBBUB_NAMES_PER_ADDRESS",
        100,
        whole(1, 10_000_000),
        "Names that the guests of one address may have at the same time.",
    )
    new_rooms_per_hour: float = _set(
        "HUBBUB_NEW_ROOMS_PER_HOUR",
        20.0,
        number(1, 1_000_000),
        "Rooms an hour in which a user with a token, or all guests of one address, may write the first "
        "message; as many at once.",
    )
