"""Frames to structs and back: the only JSON in hubbub."""

from __future__ import annotations

from typing import Final

import msgspec

from hubbub_protocol.commands import MAX_ID, Command
from hubbub_protocol.errors import Invalid, Malformed, ProtocolError, UnknownType
from hubbub_protocol.events import Event

_command: Final[msgspec.json.Decoder[Command]] = msgspec.json.Decoder(Command)
_event: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)
_encoder: Final = msgspec.json.Encoder()


class _Probe(msgspec.Struct):
    """What can still be read of a frame that didn't fit any struct."""

    type: object = None
    id: object = None


_probe: Final = msgspec.json.Decoder(_Probe)


def decode_command(frame: bytes | str) -> Command:
    """Read one command.

    Raises:
        ProtocolError: Malformed, UnknownType or Invalid, with a sentence for the client (FR4).
    """
    try:
        return _command.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(frame, str(error)) from None


def decode_event(frame: bytes | str) -> Event:
    """Read one event.

    Raises:
        ProtocolError: as for `decode_command`; a client ignores `UnknownType` (FR3).
    """
    try:
        return _event.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(frame, str(error)) from None


def encode(frame: Command | Event) -> bytes:
    """Write one command or event as UTF-8 JSON.

    Raises:
        ValueError: a text holds a lone surrogate, which UTF-8 can't carry.
    """
    return _encoder.encode(frame)


def _explain(frame: bytes | str, complaint: str) -> ProtocolError:
    """Tell why a frame didn't decode, keeping the command's id if it had a usable one."""
    try:
        probe = _probe.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Malformed("the frame is not a JSON object")
    known = probe.id if type(probe.id) is int and 0 <= probe.id <= MAX_ID else None
    if complaint.startswith("Invalid value ") and complaint.endswith("`$.type`"):
        return UnknownType(f"there is no type {str(probe.type)[:40]!r}", id=known)
    return Invalid(complaint, id=known)
