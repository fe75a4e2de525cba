"""The settings of files that users upload."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from service.settings.kinds import MEDIA_TYPES, address, whole
from service.settings.row import setting as _set

_MIB: Final = 1024 * 1024


# Without slots: `Settings` can inherit them from one base only.
@dataclass(frozen=True, kw_only=True)
class FileSettings:
    """Where files are stored, and how much. Sizes are bytes."""

    files_url: str = _set(
        "HUBBUB_FILES_URL",
        "",
        address("file"),
        "Where the files of messages are stored: file:///name for a folder in the data folder, "
        "file:////folder for another one. Several nodes share it. Without it, users can't upload files.",
    )
    file_bytes: int = _set(
        "HUBBUB_FILE_BYTES", 16 * _MIB, whole(1024, 1024 * _MIB), "The largest file that may be uploaded."
    )
    file_types: tuple[str, ...] = _set(
        "HUBBUB_FILE_TYPES", ("*",), MEDIA_TYPES, "The types of files that may be uploaded."
    )
    files_bytes: int = _set(
        "HUBBUB_FILES_BYTES",
        10 * 1024 * _MIB,
        whole(_MIB, 1024 * 1024 * 1024 * _MIB),
        "Bytes of all stored files; beyond it uploads are refused.",
    )
    file_bytes_per_hour: int = _set(
        "HUBBUB_FILE_BYTES_PER_HOUR",
        256 * _MIB,
        whole(_MIB, 1024 * 1024 * _MIB),
        "Bytes of files an hour that a user with a token, or all guests of one address, may upload; as many "
        "at once. A small file counts as 256 KiB.",
    )

    def files_folder(self, data: str) -> Path | None:
        """Return the folder of the files, with a relative one put into the data folder; None without one."""
        if not self.files_url:
            return None
        return Path(data or ".").expanduser().absolute() / unquote(urlsplit(self.files_url).path[1:])
