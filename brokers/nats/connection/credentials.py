"""How a connection proves who it is, and whom it trusts: read anew for each connection, for files change."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final, TypedDict

import nkeys
from nats.aio.client import RawCredentials

from brokers.errors import Misconfigured
from brokers.nats.connection.url import NatsUrl

_MARKS: Final = ("-----BEGIN NATS USER JWT-----", "-----BEGIN USER NKEY SEED-----")


class NatsCredentials(TypedDict, total=False):
    """What nats-py is told of it."""

    user: str
    password: str
    token: str
    user_credentials: RawCredentials
    nkeys_seed_str: str
    tls: ssl.SSLContext


def read_credentials(address: NatsUrl) -> NatsCredentials:
    """Read the files that an address names.

    Raises:
        Misconfigured: one of them can't be read or isn't what it should be; what is in it is not repeated.
    """
    access = NatsCredentials()
    if address.user and address.password is not None:
        access["user"], access["password"] = address.user, address.password
    elif address.user:
        access["token"] = address.user
    if address.creds:
        access["user_credentials"] = RawCredentials(_read("creds", address.creds, _MARKS))
    if address.nkey:
        access["nkeys_seed_str"] = _seed(address.nkey)
    if address.encrypted:
        access["tls"] = _context(address)
    return access


def _read(name: str, path: str, marks: tuple[str, ...] = ()) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Misconfigured(f"NATS_URL has {name}={path}, which can't be read: {error}") from error
    for mark in marks:
        if mark not in text:
            raise Misconfigured(f"NATS_URL has {name}={path}, which holds no {mark!r}")
    return text


def _seed(path: str) -> str:
    seed = _read("nkey", path).strip()
    try:
        nkeys.from_seed(bytearray(seed.encode())).wipe()
    except (nkeys.NkeysError, ValueError) as error:
        raise Misconfigured(f"NATS_URL has nkey={path}, which holds no seed of an nkey") from error
    return seed


def _context(address: NatsUrl) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=address.ca or None)
    except OSError as error:
        raise Misconfigured(f"NATS_URL has ca={address.ca}, which can't be used: {error}") from error
    if address.cert:
        try:
            # An empty password: who asks for one would wait at a terminal that nobody looks at.
            context.load_cert_chain(address.cert, address.key or None, password="")
        except OSError as error:
            named = f"cert={address.cert} and key={address.key or address.cert}"
            raise Misconfigured(f"NATS_URL has {named}, which can't be used: {error}") from error
    return context
