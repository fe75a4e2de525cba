"""Fixtures for the tests of the SDK."""

from collections.abc import AsyncIterator

import pytest

from tests.hubbub_client.server import Server, serving


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as here:
        yield here
