"""The storage for S3: what only it does."""

from __future__ import annotations

import os
import socket
from contextlib import closing

import httpx
import pytest
from urllib3 import PoolManager

from service.files.bucket import Bucket
from service.files.errors import StoreUnavailable
from service.files.objects import ObjectStore
from service.files.store import PART
from service.settings.files import BucketAddress
from tests.service.files.stores import SIGNER
from tests.service.files.test_store import NAME, blobs, parts
from tests.service.files.uploading import png
from tests.service.serving import serving, until


async def test_large_blobs_are_read_with_several_requests(s3_address: BucketAddress) -> None:
    store = ObjectStore(Bucket(s3_address, SIGNER))
    content = os.urandom(PART * 20 + 7)
    assert await store.write(NAME, parts(content))
    assert b"".join([part async for part in store.read(NAME, 5, PART * 19)]) == content[5 : 5 + PART * 19]


async def test_many_blobs_are_listed_in_pages_and_others_are_left_out(s3_address: BucketAddress) -> None:
    store = ObjectStore(Bucket(s3_address, SIGNER), page=2)
    with PoolManager() as pool:
        for key in ["other", "chat/Not A Blob", *(f"chat/{each}.record" for each in range(5))]:
            pool.request("PUT", f"{s3_address.origin}/{s3_address.bucket}/{key}", body=b"1")
    assert await blobs(store) == [(f"{each}.record", 1) for each in range(5)]


async def test_a_bucket_that_is_not_there_or_away_says_so(s3_address: BucketAddress) -> None:
    store = ObjectStore(Bucket(s3_address._replace(bucket="none"), SIGNER))
    with pytest.raises(StoreUnavailable, match=r"status 404 \(NoSuchBucket\)"):
        await store.start()
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
        away = ObjectStore(Bucket(s3_address._replace(origin=origin), SIGNER))
        calls = (
            away.start(),
            away.put(NAME, b""),
            away.write(NAME, parts(b"")),
            away.remove(NAME),
            blobs(away),
        )
        for call in calls:
            with pytest.raises(StoreUnavailable, match="can't be reached: Connection refused"):
                await call


async def test_a_node_stores_files_in_a_bucket_and_removes_them(s3_address: BucketAddress) -> None:
    url = f"{s3_address.origin.replace('http', 's3+http', 1)}/{s3_address.bucket}/chat?region=eu-test-1"
    async with (
        serving(files_url=url, files_key_id=SIGNER.key_id, files_secret=SIGNER.secret) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as http,
    ):
        ann, _ = await served.joined("Ann")
        ticket = (await ann.ask("upload", room="lobby", name="a.png", size=33))["file"]
        assert (await http.put(f"/api/files/{ticket}", content=png())).status_code == 201
        sent = await ann.ask("send", room="lobby", text="", files=[ticket])
        address = f"/files/{ticket}/a.png"
        assert (await http.get(address, headers={"Range": "bytes=1-3"})).content == b"PNG"
        await ann.ask("delete", room="lobby", target=sent["offset"])
        files = served.node.files
        assert files is not None
        await until(lambda: not files.attachments.waiting)
        assert (await http.get(address)).status_code == 404
        assert await blobs(ObjectStore(Bucket(s3_address, SIGNER))) == []
