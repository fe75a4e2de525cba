"""Signatures of requests to a storage for S3: AWS Signature Version 4, with the body's hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

EMPTY: Final = hashlib.sha256(b"").hexdigest()
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs requests with the key of an account."""

    key_id: str
    secret: str
    region: str

    def signed(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        body_hash: str,
        now: datetime | None = None,
    ) -> dict[str, str]:
        """Return the headers of a request with its signature; `headers` has lower-case names, and `host`.

        `path` is encoded; the query is encoded here.
        """
        time = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        sent = {**headers, "x-amz-content-sha256": body_hash, "x-amz-date": time}
        names = ";".join(sorted(sent))
        lines = [f"{name}:{sent[name].strip()}" for name in sorted(sent)]
        request = "\n".join([method, path, encoded(query), *lines, "", names, body_hash])
        scope = f"{time[:8]}/{self.region}/s3/aws4_request"
        text = "\n".join([_ALGORITHM, time, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = b"AWS4" + self.secret.encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        credential = f"Credential={self.key_id}/{scope}"
        return sent | {
            "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
        }


def encoded(query: Mapping[str, str]) -> str:
    """Return a query as it is signed and sent: sorted, and strictly encoded."""
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items())
    )
