"""The URL of an SQLite archive."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from archive.errors import ArchiveMisconfigured

_SCHEME: Final = "sqlite"


def path_of(url: str) -> Path:
    """Find the file that a URL names: `sqlite:///relative`, `sqlite:////absolute`.

    Raises:
        ArchiveMisconfigured: it names none.
    """
    parts = urlsplit(url)
    if parts.scheme != _SCHEME or parts.netloc or len(parts.path) <= 1 or parts.query:
        raise ArchiveMisconfigured(
            f"{url!r} is no address of an SQLite archive: write sqlite:///file for a file in the working "
            "directory, sqlite:////folder/file for an absolute path."
        )
    return Path(unquote(parts.path[1:])).absolute()
