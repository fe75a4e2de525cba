"""The lines of an export: a header, one line for each entry, and an end that shows that nothing is missing.

`docs/export.schema.json` describes them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Annotated, Final

import msgspec

from archive.base import ArchivedEntry, Author
from service.transfer.errors import LineError, TransferError

FORMAT: Final = "hubbub-export"
VERSION: Final = 1
# A frame of a client is much smaller. A longer line is none of an export.
MOST_BYTES: Final = 16 * 1024 * 1024

_LARGEST: Final = 2**63 - 1
_Offset = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]


class _Header(msgspec.Struct, frozen=True):
    format: str
    version: int


class _End(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line: the number of entries."""

    entries: int


class _Author(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str | None = None
    name: str | None = None
    kind: str | None = None


class _Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry; a payload that is no JSON on one line is encoded as base64."""

    room: str
    epoch: str
    prev: _Offset
    offset: Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
    at: Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
    key: str
    author: _Author = _Author()
    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    payload_base64: str | None = None


_encoder: Final = msgspec.json.Encoder()
_header: Final = msgspec.json.Decoder(_Header)
_end: Final = msgspec.json.Decoder(_End)
_entry: Final = msgspec.json.Decoder(_Entry)
_raw: Final = msgspec.json.Decoder(msgspec.Raw)


def encode_header() -> bytes:
    """Encode the first line."""
    return _encoder.encode(_Header(FORMAT, VERSION)) + b"\n"


def encode_end(entries: int) -> bytes:
    """Encode the last line."""
    return _encoder.encode(_End(entries)) + b"\n"


def encode_entry(entry: ArchivedEntry) -> bytes:
    """Encode an entry; the payload is in the line as it is, if it is JSON."""
    is_json = _is_json(entry.payload)
    line = _Entry(
        *entry[:6],
        author=_Author(*entry.author),
        payload=msgspec.Raw(entry.payload) if is_json else msgspec.UNSET,
        payload_base64=None if is_json else b64encode(entry.payload).decode(),
    )
    return _encoder.encode(line) + b"\n"


def check_header(line: bytes) -> None:
    """Check the first line.

    Raises:
        TransferError: it begins no export that this version can read.
    """
    try:
        header = _header.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        header = None
    if header is None or header.format != FORMAT:
        raise TransferError(
            f"it is no export of hubbub: the first line is not {encode_header().decode().strip()}. "
            "Exports of other services need --from slack or --from mattermost."
        )
    if header.version > VERSION:
        raise TransferError(
            f"it was written by a newer hubbub: its format is version {header.version}, and this one knows "
            f"{VERSION}. Update hubbub."
        )


def decode_entry(line: bytes, number: int) -> ArchivedEntry | int:
    """Decode a line behind the header: an entry, or the number of entries at the end.

    Raises:
        LineError: it is neither.
    """
    try:
        if line.startswith(b'{"entries":'):
            return _end.decode(line).entries
        found = _entry.decode(line)
        payload = _payload(found)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Base64Error) as error:
        raise LineError(number, f"it is not an entry of an export: {error}") from error
    author = Author(found.author.id, found.author.name, found.author.kind)
    return ArchivedEntry(
        found.room, found.epoch, found.prev, found.offset, found.at, found.key, payload, author
    )


def _payload(entry: _Entry) -> bytes:
    if entry.payload_base64 is not None:
        return b64decode(entry.payload_base64, validate=True)
    if entry.payload is msgspec.UNSET:
        raise msgspec.ValidationError("Object missing required field `payload`")
    return bytes(entry.payload)


def _is_json(payload: bytes) -> bool:
    """Return whether a payload, put into a line, is read from it unchanged."""
    try:
        payload.decode()
        msgspec.json.decode(payload)
        return b"\n" not in payload and b"\r" not in payload and bytes(_raw.decode(payload)) == payload
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
