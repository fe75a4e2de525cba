"""Who sends a request, and what its path and query say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sanic import Request

from hubbub_protocol import Code
from hubbub_protocol.names import room_fault, user_fault
from service.http.credentials import KEY_NAME, authenticate
from service.identity.identity import Identity, bot
from service.node import Node
from service.sessions.errors import CommandError, invalid_room_name
from service.wire.numbers import parse_whole_number

# An error quotes so many characters of an unknown parameter.
MAX_QUOTED: Final = 40
# Thousands of parameters would take the event loop for 10 ms.
MOST_PARAMETERS: Final = 20


def require_reader(node: Node, request: Request, name: str) -> Identity:
    """Return the user who sends a request; reject one for a room that the user may not read."""
    check_room(name)
    identity = authenticate(node, request)
    if not identity.may_read(name):
        raise CommandError(Code.FORBIDDEN, "No read permission for this room.")
    return identity


def check_room(name: str) -> None:
    """Reject an invalid room name."""
    fault = room_fault(name)
    if fault is not None:
        raise invalid_room_name(name, fault)


def as_author(user: str) -> Identity:
    """Return the identity of a program with the API key, which chooses its name for each message."""
    fault = user_fault(user)
    if fault is not None:
        raise CommandError(Code.INVALID, f"Invalid user name: {fault}.")
    return bot(user, KEY_NAME)


def read_query(request: Request, *allowed: str) -> dict[str, str]:
    """Parse the query. An unknown parameter is an error, because to ignore it may change the response."""
    if request.query_string.count("&") >= MOST_PARAMETERS:
        raise CommandError(Code.INVALID, f"Too many parameters: {MOST_PARAMETERS} are allowed.")
    query: dict[str, str] = {}
    for name, value in request.get_query_args(keep_blank_values=True):
        if name not in allowed:
            expected = ", ".join(f"`{each}`" for each in allowed) or "none"
            raise CommandError(
                Code.INVALID, f"Unknown parameter `{name[:MAX_QUOTED]}`; allowed are: {expected}"
            )
        if name in query:
            raise CommandError(Code.INVALID, f"Duplicate parameter `{name}`: send it once.")
        query[name] = value
    return query


def read_number(query: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """Read a number of the query."""
    value = query.get(name)
    if value is None:
        return default
    number = parse_whole_number(value)
    if number is None:
        raise CommandError(Code.INVALID, f"Invalid `{name}` {value[:MAX_QUOTED]!r}: expected a whole number.")
    return number
