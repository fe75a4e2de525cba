"""A storage for S3: objects in a bucket, which all nodes reach.

A blob is an object, stored with one request on the condition that there is none (`If-None-Match: *`). An
upload waits in a temporary file until it is whole: so its size and hash are known, and no half of it remains
in the bucket.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Final
from xml.etree import ElementTree as ET

from typing_extensions import override

from service.files.bucket import Body, Bucket
from service.files.errors import StoreUnavailable
from service.files.store import NAME, PART, Blob, Store

# Bytes of an upload that are kept in memory; more go to a temporary file.
_IN_MEMORY: Final = 262_144
# Bytes of a download that are read with one request: no connection waits for a slow reader.
_PIECE: Final = 16 * PART
_CREATE: Final = {"if-none-match": "*"}


class ObjectStore(Store):
    """Stores blobs as objects below a prefix. They are listed in pages."""

    def __init__(self, bucket: Bucket, *, page: int = 1000) -> None:
        self._bucket = bucket
        self._page = page

    @override
    async def start(self) -> None:
        name = f"start-{secrets.token_hex(8)}"
        if not await self.put(name, b"") or await self.put(name, b""):
            raise StoreUnavailable(
                "The storage of files ignores If-None-Match, so a file could replace another: use one that "
                "supports conditional writes."
            )
        await self.remove(name)

    @override
    async def put(self, name: str, content: bytes, *, replace: bool = False) -> bool:
        return await self._store(name, io.BytesIO(content), replace=replace)

    @override
    async def get(self, name: str) -> bytes | None:
        status, content = await self._bucket.request("GET", name, HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        return content if status == HTTPStatus.OK else None

    @override
    async def write(self, name: str, parts: AsyncIterator[bytes]) -> bool:
        if await self._exists(name):
            return False
        with SpooledTemporaryFile(_IN_MEMORY) as whole:
            async for part in parts:
                await self._bucket.call(lambda more=part: whole.write(more))  # type: ignore[misc]
            return await self._store(name, whole, replace=False)

    async def _exists(self, name: str) -> bool:
        status, _ = await self._bucket.request("HEAD", name, HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        return status == HTTPStatus.OK

    async def _store(self, name: str, content: Body, *, replace: bool) -> bool:
        headers = {} if replace else _CREATE
        status, _ = await self._bucket.request(
            "PUT", name, HTTPStatus.OK, HTTPStatus.PRECONDITION_FAILED, headers=headers, body=content
        )
        return status == HTTPStatus.OK

    @override
    async def read(self, name: str, start: int, size: int) -> AsyncIterator[bytes]:
        end = start + size
        while start < end:
            last = min(start + _PIECE, end) - 1
            status, piece = await self._bucket.request(
                "GET",
                name,
                HTTPStatus.PARTIAL_CONTENT,
                HTTPStatus.NOT_FOUND,
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                headers={"range": f"bytes={start}-{last}"},
            )
            if status != HTTPStatus.PARTIAL_CONTENT:
                return
            for at in range(0, len(piece), PART):
                yield piece[at : at + PART]
            start += len(piece)

    @override
    async def remove(self, name: str) -> None:
        done = (HTTPStatus.NO_CONTENT, HTTPStatus.OK, HTTPStatus.NOT_FOUND)
        await self._bucket.request("DELETE", name, *done)

    @override
    async def blobs(self) -> AsyncIterator[Blob]:
        prefix = self._bucket.key("")
        query = {"list-type": "2", "max-keys": str(self._page), "prefix": prefix}
        while True:
            _, page = await self._bucket.request("GET", None, HTTPStatus.OK, query=query)
            listed = _parsed(page)
            for blob in _blobs_of(listed, prefix):
                yield blob
            after = listed.findtext("{*}NextContinuationToken")
            if not after:
                return
            query = query | {"continuation-token": after}


def _parsed(page: bytes) -> ET.Element:
    try:
        return ET.fromstring(page)  # noqa: S314 - of the operator's storage, and expat bounds entities
    except ET.ParseError:
        raise StoreUnavailable("The storage of files fails: it listed its objects, but not in XML.") from None


def _blobs_of(listed: ET.Element, prefix: str) -> Iterator[Blob]:
    """Yield the blobs of a page, and not what else is in the bucket."""
    for each in listed.iterfind("{*}Contents"):
        name = (each.findtext("{*}Key") or "").removeprefix(prefix)
        stored = each.findtext("{*}LastModified") or ""
        if NAME.fullmatch(name):
            at = datetime.fromisoformat(stored).timestamp()
            yield Blob(name, int(each.findtext("{*}Size") or 0), at)
