"""What ends a connection, or keeps it from being made, in words that tell an operator what to do."""

from __future__ import annotations

import ssl
from typing import Final

from brokers.errors import BrokerError, Misconfigured, Unavailable
from brokers.nats.connection.client import ClientCertificateRequired

_RIGHTS: Final = (
    "the user of NATS_URL needs the rights to publish to and to subscribe to `<prefix>.>` and `_INBOX.>`, "
    "to publish to `$JS.API.>`, and on a cluster to subscribe to "
    "`$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.>`"
)
_TLS: Final = (
    "check that the server offers TLS, that its certificate names the host of NATS_URL and is known (ca=), "
    "and that ours is one it knows (cert=, key=)"
)
_USER: Final = "check the user, the password or the token in NATS_URL, or the file that creds= or nkey= names"


def explain(error: Exception | None, where: str = "NATS") -> BrokerError:
    """Turn an error of nats-py, or of what is below it, into one of ours; `where` names the servers."""
    said = "the connection ended" if error is None else str(error) or repr(error)
    lowered = said.lower()
    if isinstance(error, ssl.SSLError):
        return Misconfigured(f"TLS with NATS fails, {said!r}: {_TLS}")
    if isinstance(error, ClientCertificateRequired):
        return Misconfigured("NATS wants a certificate of ours: name it with cert= and key= in NATS_URL")
    if "permissions violation" in lowered:
        return Misconfigured(f"NATS says {said!r}: {_RIGHTS}")
    if "authorization" in lowered or "authentication" in lowered:
        return Misconfigured(f"NATS says {said!r}: {_USER}")
    return Unavailable(f"{where} is out of reach: {said}")
