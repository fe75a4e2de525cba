"""The settings of the archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from archive.base import ArchiveOptions, ArchiveRetention
from service.settings.kinds import address, number, password, text, whole
from service.settings.row import setting as _set

_DAY: Final = 24 * 3600
_MOST: Final = 10**15
_RELATIVE: Final = "sqlite:///"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSettings:
    """The archive and its retention. Durations are seconds, sizes are bytes."""

    archive_url: str = _set(
        "ARCHIVE_URL",
        "",
        address(),
        "The archive. With BROKER=memory: sqlite:///name for a file in the data folder, "
        "sqlite:////folder/name for another; without it the history is lost with the process. With other "
        "brokers: postgresql://user@host:5432/database.",
    )
    archive_user: str = _set(
        "ARCHIVE_USER", "", password(), "The user for PostgreSQL, instead of the one in ARCHIVE_URL."
    )
    archive_password: str = _set(
        "ARCHIVE_PASSWORD", "", password(), "The password for PostgreSQL, with any characters, not encoded."
    )
    archive_connections: int = _set(
        "HUBBUB_ARCHIVE_CONNECTIONS",
        4,
        whole(1, 256),
        "Connections to PostgreSQL with which a node reads; it writes with one more.",
    )
    data: str = _set(
        "HUBBUB_DATA", "", text("a folder"), "The data folder; by default the working directory."
    )
    archive_seconds: float = _set(
        "HUBBUB_ARCHIVE_SECONDS",
        0.0,
        number(0, 36_500 * _DAY),
        "Time that the archive keeps a message; 0 for ever.",
    )
    archive_entries: int = _set(
        "HUBBUB_ARCHIVE_ENTRIES",
        0,
        whole(0, _MOST),
        "Messages of each room that the archive keeps; 0 for all.",
    )
    archive_bytes: int = _set(
        "HUBBUB_ARCHIVE_BYTES", 0, whole(0, _MOST), "Bytes of each room that the archive keeps; 0 for all."
    )
    marks_per_user: int = _set(
        "HUBBUB_MARKS_PER_USER",
        1_000,
        whole(1, 1_000_000),
        "Rooms of one user of which the archive keeps the read mark; those that moved longest ago leave.",
    )
    archive_timeout: float = _set(
        "HUBBUB_ARCHIVE_TIMEOUT", 5.0, number(0.1, 14), "Time limit of a call to the archive."
    )

    @property
    def archive_place(self) -> str:
        """The archive's address, with a relative file put into the data folder."""
        name = self.archive_url.removeprefix(_RELATIVE)
        if name == self.archive_url or name.startswith("/") or not name:
            return self.archive_url
        folder = Path(self.data or ".").expanduser().absolute()
        return _RELATIVE + quote(str(folder)) + "/" + name

    @property
    def archive_shown(self) -> str:
        """The archive's address, as it is printed."""
        place = self.archive_place
        return (
            unquote(place.removeprefix(_RELATIVE)) if place.startswith(_RELATIVE) else address().show(place)
        )

    def archive_options(self, key_window: float) -> ArchiveOptions:
        """Make the archive's options; `key_window` is the time that a trimmed message's key is kept."""
        return ArchiveOptions(
            url=self.archive_place,
            user=self.archive_user,
            password=self.archive_password,
            connections=self.archive_connections,
            retention=ArchiveRetention(
                entries=self.archive_entries, size=self.archive_bytes, age=self.archive_seconds
            ),
            key_window=key_window,
            timeout=self.archive_timeout,
        )
