"""A storage for S3, one for all tests of files in a process."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from urllib3 import PoolManager

from service.settings.files import BucketAddress

SERVER = Path(__file__).parent / "s3_server.py"


@pytest.fixture(scope="session")
def s3_origin() -> Iterator[str]:
    """Run the storage; yield its origin."""
    with subprocess.Popen(
        [sys.executable, SERVER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.kill()


@pytest.fixture
def s3_address(s3_origin: str) -> BucketAddress:
    """Make a bucket for one test."""
    name = f"bucket-{secrets.token_hex(8)}"
    with PoolManager() as pool:
        assert pool.request("PUT", f"{s3_origin}/{name}").status == 200
    return BucketAddress(s3_origin, name, "chat/")
