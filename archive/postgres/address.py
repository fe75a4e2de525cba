"""Where the database is: the URL, checked and shown without its secrets."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from archive.errors import ArchiveMisconfigured

_SCHEMES: Final = ("postgresql", "postgres")
_PORT: Final = 5432


def shown(url: str) -> str:
    """Return the host, the port and the database of a URL, for people.

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
        port = parts.port or _PORT
    except ValueError as error:
        raise ArchiveMisconfigured(
            "The port in ARCHIVE_URL is not a number from 0 to 65535: write "
            "postgresql://user@host:5432/database."
        ) from error
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    return f"{host}:{port}/{name}"
