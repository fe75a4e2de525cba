"""The settings of files that users upload."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from service.settings.kinds import MEDIA_TYPES, address, password, text, whole
from service.settings.row import setting as _set

_MIB: Final = 1024 * 1024
# The schemes of storages for S3, and the protocols below them.
_S3: Final = {"s3": "https", "s3+http": "http"}


class BucketAddress(NamedTuple):
    """Where a bucket is: the origin of the storage, the bucket, the beginning of all keys, and the region."""

    origin: str
    bucket: str
    prefix: str = ""
    region: str = "us-east-1"


# Without slots: `Settings` can inherit them from one base only.
@dataclass(frozen=True, kw_only=True)
class FileSettings:
    """Where files are stored, and how much. Sizes are bytes."""

    files_url: str = _set(
        "HUBBUB_FILES_URL",
        "",
        address("file", *_S3),
        "Where the files of messages are stored: file:///name for a folder in the data folder, "
        "file:////folder for another one, s3://host/bucket or s3://host/bucket/prefix for a storage that "
        "speaks S3 (s3+http:// without TLS; ?region=name). Several nodes share it. Without it, users can't "
        "upload files.",
    )
    files_key_id: str = _set(
        "HUBBUB_FILES_KEY_ID", "", text(), "The access key of the storage for S3 (AWS: access key ID)."
    )
    files_secret: str = _set(
        "HUBBUB_FILES_SECRET", "", password(), "The secret of that key (AWS: secret access key)."
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
        if not self.files_url.startswith("file:"):
            return None
        return Path(data or ".").expanduser().absolute() / unquote(urlsplit(self.files_url).path[1:])

    def files_bucket(self) -> BucketAddress | None:
        """Return the bucket of the files; None without one. Raises `ValueError` if the URL is wrong."""
        scheme, host, path, query, _ = urlsplit(self.files_url)
        if scheme not in _S3:
            return None
        bucket, _, prefix = path.strip("/").partition("/")
        options = dict(parse_qsl(query, keep_blank_values=True))
        if not bucket or "@" in host or options.keys() - {"region"}:
            raise ValueError(self.files_url)
        return BucketAddress(f"{_S3[scheme]}://{host}", bucket, f"{prefix}/" if prefix else "", **options)
