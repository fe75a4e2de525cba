"""Encode and decode frames: the only JSON code of the protocol."""

from typing import Final

import msgspec

from hubbub_protocol.commands import MAX_ID, Command
from hubbub_protocol.errors import Invalid, Malformed, ProtocolError, UnknownType
from hubbub_protocol.events import Event

_command: Final[msgspec.json.Decoder[Command]] = msgspec.json.Decoder(Command)
_event: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)
_encoder: Final = msgspec.json.Encoder()


class _Probe(msgspec.Struct):
    """The fields that can be read from a frame that matches no struct."""

    type: object = None
    id: object = None


_probe: Final = msgspec.json.Decoder(_Probe)


def decode_command(frame: bytes | str) -> Command:
    """Decode one command.

    Raises:
        ProtocolError: Malformed, UnknownType or Invalid, with an explanation for the client (FR4).
    """
    try:
        return _command.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(frame, str(error)) from None


def decode_event(frame: bytes | str) -> Event:
    """Decode one event.

    Raises:
        ProtocolError: as for `decode_command`; a client ignores `UnknownType` (FR3).
    """
    try:
        return _event.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(frame, str(error)) from None


def encode(frame: Command | Event) -> bytes:
    """Encode one command or event as UTF-8 JSON.

    Raises:
        ValueError: a text contains a lone surrogate, which UTF-8 cannot encode.
    """
    return _encoder.encode(frame)


def _explain(frame: bytes | str, reason: str) -> ProtocolError:
    """Explain why a frame could not be decoded; keep the id of the command if it is valid."""
    try:
        probe = _probe.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Malformed("Malformed frame: not a JSON object.")
    known = probe.id if type(probe.id) is int and 0 <= probe.id <= MAX_ID else None
    if reason.startswith("Invalid value ") and reason.endswith("`$.type`"):
        return UnknownType(f"Unknown type {str(probe.type)[:40]!r}.", id=known)
    return Invalid(reason, id=known)
