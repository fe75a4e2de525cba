"""Read credentials and certificates. They are read for each connection, because the files may change."""

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
    """The arguments of nats-py's `connect` for authentication and TLS."""

    user: str
    password: str
    token: str
    user_credentials: RawCredentials
    nkeys_seed_str: str
    tls: ssl.SSLContext


def read_credentials(address: NatsUrl) -> NatsCredentials:
    """Read the files that the URL names.

    Raises:
        Misconfigured: a file can't be read or has invalid content, which is not quoted.
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
        raise Misconfigured(f"NATS_URL: can't read {name}={path}: {error}") from error
    for mark in marks:
        if mark not in text:
            raise Misconfigured(f"NATS_URL: {name}={path} does not contain {mark!r}")
    return text


def _seed(path: str) -> str:
    seed = _read("nkey", path).strip()
    try:
        nkeys.from_seed(bytearray(seed.encode())).wipe()
    except (nkeys.NkeysError, ValueError) as error:
        raise Misconfigured(f"NATS_URL: nkey={path} does not contain the seed of an nkey") from error
    return seed


def _context(address: NatsUrl) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=address.ca or None)
    except OSError as error:
        raise Misconfigured(f"NATS_URL: can't use ca={address.ca}: {error}") from error
    if address.cert:
        try:
            # An empty password: otherwise OpenSSL would prompt for one on the terminal and block.
            context.load_cert_chain(address.cert, address.key or None, password="")
        except OSError as error:
            named = f"cert={address.cert} and key={address.key or address.cert}"
            raise Misconfigured(f"NATS_URL: can't use {named}: {error}") from error
    return context
