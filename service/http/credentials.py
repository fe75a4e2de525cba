"""The credentials of a request to the HTTP API: the API key, or a token."""

from __future__ import annotations

import re
from time import monotonic
from typing import Final

from msgspec.structs import replace
from sanic import Request

from hubbub_protocol import Code
from service.identity.addresses import client_address
from service.identity.authenticator import AuthError
from service.identity.identity import Identity, bot
from service.moderation.actions import Subject
from service.node import Node
from service.sessions.errors import CommandError, banned, rate_limited

# The name of the API key, in the ids of programs.
KEY_NAME: Final = "api"
# The scheme is not case-sensitive (RFC 9110, 11.1).
_BEARER: Final = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)


def authenticate(node: Node, request: Request) -> Identity:
    """Return the identity behind the API key or the token of a request."""
    if node.broker_start.waiting:
        raise CommandError(Code.UNAVAILABLE, "The node is waiting for its broker; try again.")
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise CommandError(
            Code.BAD_TOKEN, "No credentials: send the API key or a token in `Authorization: Bearer`."
        )
    credentials = found[1]
    if node.auth.is_api_key(credentials):
        return bot("bot", KEY_NAME)
    address = client_address(node.addresses, request)
    if wait := node.request_limits.wait(address, monotonic()):
        raise rate_limited("rejected credentials", wait)
    try:
        identity = node.auth.verify(credentials)
    except AuthError as error:
        node.request_limits.fail(address, monotonic())
        also = "; it is not the API key either" if node.settings.api_key else ""
        raise CommandError(Code.BAD_TOKEN, f"{error}{also}") from error
    ban = node.moderation.ban(Subject(identity.id, address, identity.token_id))
    if ban is not None:
        raise banned(ban)
    return replace(identity, user=node.user_names.claim(identity.user, identity.id))
