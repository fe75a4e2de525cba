"""A token is a string, or what a function returns."""

import asyncio
from functools import partial

import pytest

from hubbub_client import Client, ClientClosed, NoToken
from hubbub_client.token_source import token_hook
from tests.hubbub_client.joined_room import AT_ONCE
from tests.hubbub_client.server import Server


async def fetch(token: str) -> str:
    await asyncio.sleep(0)
    return token


@pytest.mark.parametrize("source", ["t1", lambda: "t1", lambda: fetch("t1"), partial(fetch, "t1")])
async def test_strings_and_functions_authenticate(server: Server, source: str) -> None:
    async with Client(server.url, token=source, options=AT_ONCE):
        assert (await (await server.accept()).greet()).token == "t1"


async def test_a_string_is_used_once_and_its_expiry_closes_the_client(server: Server) -> None:
    async with Client(server.url, token="t1", options=AT_ONCE) as chat:
        talk = await server.accept()
        await talk.greet()
        await chat.online()
        await talk.close(4100)
        async with asyncio.timeout(10):
            [_ async for _ in chat.statuses()]
        with pytest.raises(ClientClosed, match="there is no token") as caught:
            await chat.online()
        assert caught.value.code == "no_token"


def test_another_type_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="a string or a function"):
        Client("ws://localhost", token=7)  # type: ignore[arg-type]


@pytest.mark.parametrize("found", [None, b"t1", ""])
async def test_a_function_that_returns_no_token_is_not_called_again(found: object) -> None:
    with pytest.raises(NoToken):
        await token_hook(lambda: found)()  # type: ignore[arg-type, return-value]
