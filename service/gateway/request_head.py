"""A strict check of a request's head, ahead of Sanic, which accepts more than RFC 9112 allows.

What two parsers read differently can be used to smuggle a request past a proxy. So everything that leaves
room for interpretation is rejected.
"""

from __future__ import annotations

import re
from typing import Final

_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} [!-~]+ HTTP/1\.[01]")
# No two neighbouring parts match the same characters, so a line is matched in linear time.
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_CHUNK_SIZE: Final = re.compile(r"[0-9A-Fa-f]{1,16}")
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_HOST, _CODING, _SIZE = b"host", b"transfer-encoding", b"content-length"
# Fields that may occur once.
_SINGLE: Final = (_HOST, _CODING, _SIZE, b"content-type", b"authorization")
_HEXADECIMAL: Final = 16
# Thousands of short ones would take the event loop for 10 ms.
MOST_FIELDS: Final = 100


def find_fault(head: bytes) -> str | None:
    """Return what is wrong with a head, without its empty line; None if nothing is."""
    if head.count(b"\r\n") > MOST_FIELDS:
        return f"it has more than {MOST_FIELDS} headers"
    line, *lines = head.split(b"\r\n")
    if not _REQUEST_LINE.fullmatch(line):
        return "the request line is malformed"
    fields: dict[bytes, list[bytes]] = {}
    for each in lines:
        found = _FIELD.fullmatch(each)
        if found is None:
            return "a header is malformed"
        fields.setdefault(found[1].lower(), []).append(found[2].strip(b" \t"))
    for name in _SINGLE:
        if len(fields.get(name, ())) > 1:
            return f"the header {name.decode()} occurs more than once"
    return _framing_fault(fields)


def _framing_fault(fields: dict[bytes, list[bytes]]) -> str | None:
    if _CODING in fields:
        if _SIZE in fields:
            return "it has both content-length and transfer-encoding"
        if fields[_CODING] != [b"chunked"]:
            return "the transfer-encoding is not supported: `chunked` is"
    if _SIZE in fields and not _LENGTH.fullmatch(fields[_SIZE][0]):
        return "the content-length is not a number"
    return None


def parse_size(value: str, base: int) -> int:
    """Parse the size of a body or of a chunk, which has ASCII digits and nothing else.

    Raises:
        ValueError: it has anything else, like a prefix, a sign or white space.
    """
    allowed = _CHUNK_SIZE if base == _HEXADECIMAL else _DIGITS
    if not allowed.fullmatch(value):
        raise ValueError("not a size")
    return int(value, base)
