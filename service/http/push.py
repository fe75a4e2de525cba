"""Push subscriptions over HTTP: the key of the server, and the browsers of the user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from types import SimpleNamespace
from typing import Annotated, Final, TypeVar

import msgspec
from sanic import HTTPResponse, Request, Sanic
from sanic.config import Config

from archive.errors import ArchiveError
from hubbub_protocol import Code
from hubbub_protocol.commands import RoomPart
from service.http.access import read_query
from service.http.bodies import READ, decode_body, json_response
from service.http.credentials import authenticate
from service.identity.addresses import client_address
from service.identity.identity import Identity
from service.moderation.actions import Subject
from service.node import Node
from service.push.endpoints import MOST_CHARACTERS
from service.push.push import Push
from service.push.subscribers import MOST_MUTED, PushRefused, WantedSubscription
from service.sessions.errors import CommandError, banned

_KEY: Final = "/api/push"
_OWN: Final = "/api/me/push"
# How the page of a guest proves its id: with the secret of its `welcome` (CN4).
_GUEST: Final = re.compile(r"guest +([A-Za-z0-9_-]{22})", re.IGNORECASE)
# When a client may retry while the archive is away (seconds).
_RETRY_AFTER: Final = 2.0

T = TypeVar("T")

_Url = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_CHARACTERS)]
_Key = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class PublicKey(msgspec.Struct, frozen=True):
    """The key with which a browser subscribes, in base64url."""

    key: str


class Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser of the user: its endpoint, its keys, and rooms without pushes. `name` is that of a guest."""

    endpoint: _Url
    p256dh: _Key
    auth: _Key
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    muted: Annotated[tuple[RoomPart, ...], msgspec.Meta(max_length=MOST_MUTED)] = ()


class Unsubscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The endpoint of a browser that wants no pushes any more."""

    endpoint: _Url


class Subscribed(msgspec.Struct, frozen=True):
    """For how long a browser receives pushes, in ms, unless it subscribes again."""

    expires: int


class Unsubscribed(msgspec.Struct, frozen=True):
    """The browser receives no pushes."""


_subscribe: Final = msgspec.json.Decoder(Subscribe)
_unsubscribe: Final = msgspec.json.Decoder(Unsubscribe)


def add_routes(app: Sanic[Config, SimpleNamespace], node: Node) -> None:
    """Add the routes, if the node has a key and an archive."""
    push = node.push
    if push is None:
        return
    app.add_route(partial(_key, push), _KEY, methods=READ, name="push_key")
    app.add_route(partial(_add, node, push), _OWN, methods=["PUT"], name="push_subscribe")
    app.add_route(
        partial(_remove, node, push), _OWN, methods=["DELETE"], name="push_unsubscribe", ignore_body=False
    )


async def _key(push: Push, request: Request) -> HTTPResponse:
    """Return the public key."""
    read_query(request)
    return json_response(PublicKey(push.key.public))


async def _add(node: Node, push: Push, request: Request) -> HTTPResponse:
    """Store a browser of the user, or its new wishes."""
    read_query(request)
    asked = _decoded(_subscribe, request.body)
    identity = _user(node, request, asked.name)
    address = client_address(node.addresses, request)
    wanted = WantedSubscription(asked.endpoint, asked.p256dh, asked.auth, asked.muted)
    with _translated():
        seconds = await push.subscribers.add(identity, address, wanted)
    return json_response(Subscribed(int(seconds * 1000)))


async def _remove(node: Node, push: Push, request: Request) -> HTTPResponse:
    """Remove a browser of the user."""
    read_query(request)
    asked = _decoded(_unsubscribe, request.body)
    identity = _user(node, request, "")
    with _translated():
        await push.subscribers.remove(identity.id, asked.endpoint)
    return json_response(Unsubscribed(), HTTPStatus.OK)


def _user(node: Node, request: Request, name: str) -> Identity:
    """Return the user of the token, or the guest of the session secret."""
    found = _GUEST.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return authenticate(node, request)
    if not node.settings.takes_guests:
        raise CommandError(Code.BAD_TOKEN, "Guests are not allowed on this server: send a token.")
    identity = node.auth.guest(name, found[1])
    ban = node.moderation.ban(Subject(identity.id, client_address(node.addresses, request)))
    if ban is not None:
        raise banned(ban)
    return identity


def _decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decode_body(decoder, body)
    except ValueError as error:
        raise CommandError(Code.INVALID, str(error)) from error


@contextmanager
def _translated() -> Iterator[None]:
    """Raise errors of subscriptions as those of commands."""
    try:
        yield
    except PushRefused as error:
        raise CommandError(error.code, str(error), retry_after=error.retry_after) from error
    except ArchiveError as error:
        raise CommandError(Code.UNAVAILABLE, str(error), retry_after=_RETRY_AFTER) from error
