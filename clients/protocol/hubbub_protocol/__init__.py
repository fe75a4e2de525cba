"""The hubbub protocol in Python: structs for all frames, the codec, and the rules for names.

The specification is `clients/protocol/README.md` in the project's repository.
"""

from hubbub_protocol import commands, events
from hubbub_protocol.codec import decode_command, decode_event, encode
from hubbub_protocol.errors import Close, Code, Invalid, Malformed, ProtocolError, UnknownType, is_final

__version__ = "0.1.0"
__all__ = [
    "Close",
    "Code",
    "Invalid",
    "Malformed",
    "ProtocolError",
    "UnknownType",
    "commands",
    "decode_command",
    "decode_event",
    "encode",
    "events",
    "is_final",
]
