"""Signatures are those of the examples that AWS publishes for Amazon S3."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import pytest

from service.files.signing import EMPTY, Signer, encoded

SIGNER = Signer(
    key_id="AKIAIOSFODNN7EXAMPLE", secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", region="us-east-1"
)
NOW = datetime(2013, 5, 24, tzinfo=UTC)
HOST = {"host": "examplebucket.s3.amazonaws.com"}


class Example(NamedTuple):
    """A request, and its signature."""

    method: str
    path: str
    signature: str
    query: dict[str, str] = {}  # noqa: RUF012 - never changed
    headers: dict[str, str] = {}  # noqa: RUF012 - the same
    body: bytes = b""


EXAMPLES = [
    Example(
        "GET",
        "/test.txt",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        headers={"range": "bytes=0-9"},
    ),
    Example(
        "PUT",
        "/test%24file.text",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        headers={"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
        body=b"Welcome to Amazon S3.",
    ),
    Example(
        "GET",
        "/",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        query={"lifecycle": ""},
    ),
    Example(
        "GET",
        "/",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        query={"prefix": "J", "max-keys": "2"},
    ),
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_request_is_signed_as_in_the_examples(example: Example) -> None:
    headers, body_hash = HOST | example.headers, sha256(example.body).hexdigest()
    sent = SIGNER.signed(example.method, example.path, example.query, headers, body_hash=body_hash, now=NOW)
    assert sent["authorization"].rpartition("Signature=")[2] == example.signature
    assert sent["x-amz-date"] == "20130524T000000Z"


def test_the_time_is_now_and_a_query_is_sorted_and_encoded() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    sent = SIGNER.signed("GET", "/", {}, HOST, body_hash=EMPTY)
    assert before <= datetime.strptime(f"{sent['x-amz-date']}+0000", "%Y%m%dT%H%M%SZ%z") <= datetime.now(UTC)
    assert encoded({"prefix": "a/b c", "list-type": "2"}) == "list-type=2&prefix=a%2Fb%20c"
