"""Requests to one bucket of a storage for S3. All of them run in threads of their own."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Final, NamedTuple, TypeAlias, TypeVar
from urllib.parse import quote

import urllib3
from urllib3.exceptions import HTTPError

from service.files.errors import StoreUnavailable
from service.files.signing import EMPTY, Signer, encoded
from service.settings.files import BucketAddress

T = TypeVar("T")
# What is sent: its size and hash are known before.
Body: TypeAlias = io.BytesIO | SpooledTemporaryFile[bytes]

# Requests at a time; others wait.
MOST_REQUESTS: Final = 16
# Seconds to connect, and without a byte.
_CONNECT: Final = 5.0
_SILENCE: Final = 30.0
_FAULT: Final = re.compile(rb"<Code>([^<]{1,100})</Code>")


class _Wanted(NamedTuple):
    """A request to send."""

    method: str
    name: str | None
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body | None


class Bucket:
    """Sends signed requests. A status that no caller expects raises `StoreUnavailable`."""

    def __init__(self, address: BucketAddress, signer: Signer) -> None:
        self._address = address
        self._signer = signer
        # No request is repeated here: it may have been carried out.
        self._pool = urllib3.PoolManager(
            maxsize=MOST_REQUESTS,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECT, read=_SILENCE),
        )
        self._threads = ThreadPoolExecutor(MOST_REQUESTS, thread_name_prefix="files")

    async def call(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread. Raises `StoreUnavailable`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except HTTPError as error:
            raise StoreUnavailable(f"The storage of files can't be reached: {_reason(error)}.") from error
        except OSError as error:
            raise StoreUnavailable(f"The storage of files fails: {error.strerror or error}.") from error

    def key(self, name: str) -> str:
        """Return the key of a blob."""
        return self._address.prefix + name

    async def request(
        self,
        method: str,
        name: str | None,
        *expected: HTTPStatus,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
    ) -> tuple[int, bytes]:
        """Send a request for a blob, or for the bucket; return the status and the body of the response."""
        wanted = _Wanted(method, name, query or {}, headers or {}, body)
        return await self.call(lambda: self._request(wanted, expected))

    def _request(self, wanted: _Wanted, expected: Sequence[HTTPStatus]) -> tuple[int, bytes]:
        address, query, body = self._address, wanted.query, wanted.body
        path = f"/{quote(address.bucket)}"
        if wanted.name is not None:
            path += f"/{quote(self.key(wanted.name))}"
        sent = {"host": address.origin.partition("://")[2], **wanted.headers}
        signed = self._signer.signed(wanted.method, path, query, sent, body_hash=_hash(body))
        if body is not None:
            signed["content-length"] = str(body.seek(0, 2))
            body.seek(0)
        url = f"{address.origin}{path}" + (f"?{encoded(query)}" if query else "")
        response = self._pool.request(wanted.method, url, headers=signed, body=body)
        if response.status not in expected:
            raise _unexpected(response)
        return response.status, response.data


def _hash(body: Body | None) -> str:
    if body is None:
        return EMPTY
    body.seek(0)
    return hashlib.file_digest(body, "sha256").hexdigest()


def _unexpected(response: urllib3.BaseHTTPResponse) -> StoreUnavailable:
    """Make the error of a response, with the code that S3 gives."""
    found = _FAULT.search(response.data)
    code = found[1].decode(errors="replace") if found else "no code"
    return StoreUnavailable(f"The storage of files fails: status {response.status} ({code}).")


def _reason(error: HTTPError) -> str:
    """Return what went wrong, without the names of objects."""
    return re.sub(r"^\[[^]]*\] ", "", str(error).rpartition(": ")[2]).rstrip(".")
