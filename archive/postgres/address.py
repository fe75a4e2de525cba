"""Where the database is: the URL, checked and shown without its secrets."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from archive.errors import ArchiveMisconfigured

_SCHEMES: Final = ("postgresql", "postgres")
_PORT: Final = 5432


def shown(url: str) -> str:
    """Return the hosts, the ports and the database of a URL, for people. Several hosts are one database.

    Raises:
        ArchiveMisconfigured: it names no database. The message has no part of the URL but its scheme.
    """
    parts = urlsplit(url)
    name = parts.path.removeprefix("/")
    if parts.scheme not in _SCHEMES or not name or "/" in name:
        raise ArchiveMisconfigured(
            "ARCHIVE_URL names no PostgreSQL database: write postgresql://user@host:5432/database."
        )
    try:
        hosts = [_host(each) for each in parts.netloc.rpartition("@")[2].split(",")]
    except ValueError as error:
        raise ArchiveMisconfigured(
            "The port in ARCHIVE_URL is not a number from 0 to 65535: write "
            "postgresql://user@host:5432/database."
        ) from error
    if not any(hosts):
        hosts = [f"{host}:{_PORT}" for host in parse_qs(parts.query).get("host", ["localhost"])]
    return f"{','.join(hosts)}/{name}"


def _host(text: str) -> str:
    """Return a host with its port; empty if there is none. Raises `ValueError` if the port is no number."""
    parts = urlsplit(f"//{text}")
    host = parts.hostname or ""
    shown_host = f"[{host}]" if ":" in host else host
    return f"{shown_host}:{parts.port or _PORT}" if host else ""
