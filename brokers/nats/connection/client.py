"""Extend the client of nats-py: faster header parsing, and TLS that can't be downgraded."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from typing_extensions import override


def read_headers(raw: bytes) -> dict[str, str]:
    """Parse the headers of a message; the status of a reply becomes `Status`.

    Only headers written by NATS and this package are parsed: one line each, in ASCII.
    """
    first, *lines = raw.decode("utf-8", "replace").split("\r\n")
    _, _, status = first.partition(" ")
    headers = {"Status": status[:3]} if status else {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name] = value.strip()
    return headers


class ClientCertificateRequired(NatsError):
    """The server requires a client certificate, and none is configured. It would just disconnect."""


class NatsClient(Client):
    """A client that refuses a connection without TLS if `encrypted`; `known` says that it has a certificate.

    nats-py falls back to plain text if the server does not ask for TLS, whatever the URL says, so a man in
    the middle could read the password. The overridden methods are private to nats-py. If a version no longer
    calls them, headers are only parsed more slowly, but `nats/connection/test_credentials.py` fails.
    """

    def __init__(self, *, encrypted: bool, known: bool) -> None:
        super().__init__()
        self._encrypted = encrypted
        self._known = known

    @override
    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if self._encrypted and initial_connection:
            info["tls_required"] = True
        if info.get("tls_verify") and not self._known:
            raise ClientCertificateRequired
        await super()._process_info(info, initial_connection)

    @override
    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        return read_headers(headers) if headers else None
