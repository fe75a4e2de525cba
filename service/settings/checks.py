"""Check settings that depend on each other."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

from archive.errors import ArchiveMisconfigured
from archive.registry import find_archive
from brokers.errors import BrokerError
from brokers.registry import find_broker
from service.settings.table import Settings

# JSON may encode one character as two escapes of six bytes; the rest of a `send` fits in the margin.
_BYTES_PER_CHARACTER: Final = 12
_MARGIN: Final = 1024

# Calls of the broker that must fit into the key window.
_TRIES: Final = 4

_LEAST_SECRET: Final = 32
_SHARED: Final = "HS256"
_PEM: Final = "-----BEGIN"


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield each contradiction between settings that are valid alone."""
    yield from _ports(settings)
    yield from _workers(settings)
    yield from _sizes(settings)
    yield from _times(settings)
    yield from _tokens(settings)
    yield from _guests(settings)
    yield from _archive(settings)
    yield from _files(settings)
    yield from _push(settings)


def _ports(settings: Settings) -> Iterator[str]:
    if settings.operator_port and settings.operator_port == settings.port:
        yield (
            f"HUBBUB_OPERATOR_PORT={settings.operator_port} is HUBBUB_PORT too: set another one, or leave it "
            "out."
        )


def _workers(settings: Settings) -> Iterator[str]:
    if settings.workers == 1:
        return
    asked = f"HUBBUB_WORKERS={settings.workers} is refused"
    try:
        joined = find_broker(settings.broker).shared
    except BrokerError as error:
        yield f"{asked}: {error}"
        return
    if not joined:
        yield (
            f"{asked} with BROKER={settings.broker}: each worker would have its own rooms, and users in "
            "one room would not see each other. Set HUBBUB_WORKERS=1, or BROKER to redis or nats."
        )
    elif not hasattr(socket, "SO_REUSEPORT"):
        yield f"{asked}: this system can't share a port between processes (SO_REUSEPORT). Set 1."


def _sizes(settings: Settings) -> Iterator[str]:
    need = settings.text_characters * _BYTES_PER_CHARACTER + _MARGIN
    if settings.frame_bytes < need:
        yield (
            f"HUBBUB_FRAME_BYTES={settings.frame_bytes} can't hold a message of HUBBUB_TEXT_CHARACTERS="
            f"{settings.text_characters}, which JSON may make {need} bytes: raise the one or lower the other."
        )
    for variable, value in (
        ("HUBBUB_LOG_BYTES", settings.log_bytes),
        ("HUBBUB_HISTORY_BYTES", settings.history_bytes),
    ):
        if value < need:
            yield (
                f"{variable}={value} can't keep even one message of HUBBUB_TEXT_CHARACTERS="
                f"{settings.text_characters}: set at least {need}."
            )


def _times(settings: Settings) -> Iterator[str]:
    if settings.key_seconds < settings.broker_timeout * _TRIES:
        yield (
            f"HUBBUB_KEY_SECONDS={settings.key_seconds} is too short for HUBBUB_BROKER_TIMEOUT="
            f"{settings.broker_timeout}: set at least {_TRIES} times as much."
        )


def _tokens(settings: Settings) -> Iterator[str]:
    if not settings.takes_tokens:
        if settings.token_key:
            yield "HUBBUB_TOKEN_KEY is set, but HUBBUB_AUTH=guests accepts no tokens: set tokens or both."
        return
    if not settings.token_key:
        yield f"HUBBUB_AUTH={settings.auth} needs HUBBUB_TOKEN_KEY, the key that verifies tokens."
        return
    is_pem = settings.token_key.startswith(_PEM)
    if settings.token_algorithm == _SHARED:
        if is_pem:
            yield (
                "HUBBUB_TOKEN_KEY is a PEM, but HUBBUB_TOKEN_ALGORITHM=HS256 needs a shared secret: with "
                "the public key, anyone could sign tokens. Set RS256 or EdDSA."
            )
        elif len(settings.token_key.encode()) < _LEAST_SECRET:
            yield f"HUBBUB_TOKEN_KEY is too short to be safe with HS256: set at least {_LEAST_SECRET} bytes."
    elif not is_pem:
        algorithm = settings.token_algorithm
        yield f"HUBBUB_TOKEN_KEY must be the PEM of a public key for HUBBUB_TOKEN_ALGORITHM={algorithm}."


def _guests(settings: Settings) -> Iterator[str]:
    if settings.takes_guests:
        return
    for variable, rooms in (
        ("HUBBUB_GUEST_READ", settings.guest_read),
        ("HUBBUB_GUEST_WRITE", settings.guest_write),
    ):
        if rooms:
            yield f"{variable} is set, but HUBBUB_AUTH=tokens allows no guests: set both, or remove it."


def _archive(settings: Settings) -> Iterator[str]:
    if not settings.archive_url:
        return
    try:
        is_shared = find_archive(settings.archive_url).shared
    except ArchiveMisconfigured as error:
        yield f"ARCHIVE_URL is wrong: {error}"
    else:
        if is_shared and settings.broker == "memory":
            yield (
                "ARCHIVE_URL is refused with BROKER=memory: this archive is for several nodes, and each "
                "would give the same offsets to other messages. Set BROKER to redis or nats, or set sqlite:///file."
            )
        elif not is_shared and settings.broker != "memory":
            yield (
                f"ARCHIVE_URL is refused with BROKER={settings.broker}: this archive is for one process, and "
                "other nodes could not store their messages in it. Set postgresql://user@host:5432/database."
            )
    yield from _archive_bounds(settings)


def _archive_bounds(settings: Settings) -> Iterator[str]:
    """Refuse an archive that keeps less than memory: it is where memory reads on."""
    for variable, kept, other, held in (
        (
            "HUBBUB_ARCHIVE_SECONDS",
            settings.archive_seconds,
            "HUBBUB_HISTORY_SECONDS",
            settings.history_seconds,
        ),
        (
            "HUBBUB_ARCHIVE_ENTRIES",
            settings.archive_entries,
            "HUBBUB_HISTORY_ENTRIES",
            settings.history_entries,
        ),
        ("HUBBUB_ARCHIVE_BYTES", settings.archive_bytes, "HUBBUB_HISTORY_BYTES", settings.history_bytes),
    ):
        if kept and (kept < held or not held):
            yield (
                f"{variable}={kept:g} keeps less than {other}={held:g}, which is held in memory: raise the "
                "one or lower the other."
            )


def _files(settings: Settings) -> Iterator[str]:
    try:
        bucket = settings.files_bucket()
    except ValueError:
        yield (
            "HUBBUB_FILES_URL is wrong: a storage for S3 is s3://host/bucket or s3://host/bucket/prefix, and "
            "?region=name may follow. Its key is HUBBUB_FILES_KEY_ID and HUBBUB_FILES_SECRET."
        )
        return
    if bucket is not None and not (settings.files_key_id and settings.files_secret):
        yield "HUBBUB_FILES_URL=s3://… needs HUBBUB_FILES_KEY_ID and HUBBUB_FILES_SECRET: set both."


def _push(settings: Settings) -> Iterator[str]:
    if "*" in settings.push_hosts:
        yield (
            "HUBBUB_PUSH_HOSTS=* is refused: clients could make this server post to any host. Name the hosts "
            "of push services."
        )
    if not settings.push_private_key:
        return
    if not settings.push_subject:
        yield (
            "HUBBUB_PUSH_PRIVATE_KEY needs HUBBUB_PUSH_SUBJECT, such as mailto:name@example.org: push "
            "services ask for it."
        )
    if not settings.archive_url:
        yield "HUBBUB_PUSH_PRIVATE_KEY needs an archive, which keeps the subscriptions: set ARCHIVE_URL."
