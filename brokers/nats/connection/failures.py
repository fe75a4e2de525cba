"""Explain why a connection failed or ended, and what an operator can do."""

from __future__ import annotations

import ssl
from typing import Final

from brokers.errors import BrokerError, Misconfigured, Unavailable
from brokers.nats.connection.client import ClientCertificateRequired

_RIGHTS: Final = (
    "grant the user of NATS the permissions to publish and subscribe to `<prefix>.>` and `_INBOX.>`, "
    "to publish to `$JS.API.>`, and on a cluster to subscribe to "
    "`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.>`"
)
_TLS: Final = (
    "check that the server offers TLS, that its certificate is trusted (ca=) and names the host of NATS_URL, "
    "and that it trusts the client certificate (cert=, key=)"
)
_SUBSCRIPTIONS: Final = (
    "a node has two subscriptions for each of its rooms; raise max_subscriptions of the server, or the limit "
    "of the account or the user"
)
_USER: Final = (
    "check the user, password or token in NATS_URL, NATS_USER, NATS_PASSWORD or NATS_TOKEN, or the file that "
    "creds= or nkey= names"
)


def explain_refusal(reason: str) -> str:
    """Explain why one request was refused on a connection that lives on."""
    advice = _RIGHTS if "permissions violation" in reason.lower() else _SUBSCRIPTIONS
    return f"NATS refuses, {reason!r}: {advice}"


def explain(error: Exception | None, where: str = "NATS") -> BrokerError:
    """Convert an error of nats-py, or of a layer below it; `where` names the servers."""
    said = "the connection ended" if error is None else str(error) or repr(error)
    lowered = said.lower()
    if isinstance(error, ssl.SSLError):
        return Misconfigured(f"the TLS handshake with NATS failed, {said!r}: {_TLS}")
    if isinstance(error, ClientCertificateRequired):
        return Misconfigured("NATS requires a client certificate: set cert= and key= in NATS_URL")
    if "maximum subscriptions" in lowered:
        return Misconfigured(explain_refusal(said))
    if "permissions violation" in lowered:
        return Misconfigured(f"NATS denies access, {said!r}: {_RIGHTS}")
    if "authorization" in lowered or "authentication" in lowered:
        return Misconfigured(f"NATS denies access, {said!r}: {_USER}")
    return Unavailable(f"{where} is unreachable: {said}")
