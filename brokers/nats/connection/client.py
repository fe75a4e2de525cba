"""The client of nats-py, with what it does for each message made cheaper, and TLS made sure of."""

from __future__ import annotations

from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from typing_extensions import override


def read_headers(raw: bytes) -> dict[str, str]:
    """Read a message's headers, and the status of an answer that is none, as `Status`.

    Only what NATS itself and this package write is read: one line for each, in ASCII.
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
    """The server lets nobody in without a certificate, and we have none. It would just hang up."""


class NatsClient(Client):
    """A client that speaks to no server without TLS, if it's told so; `known` says that it has a certificate.

    nats-py itself goes on in the clear where a server doesn't ask for TLS, whatever the URL says; so who sits
    between could have the password. What is overridden here is private to nats-py: where a version doesn't
    know it any more, messages only become dearer, and `test_nats_access` fails.
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
