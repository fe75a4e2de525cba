"""Where a client gets its token: a string, or a function of the application."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from hubbub_client.errors import NoToken

TokenHook = Callable[[], Awaitable[str]]
TokenSource = str | Callable[[], str | Awaitable[str]]


def token_hook(source: TokenSource) -> TokenHook:
    """Return one kind of hook for each kind of source.

    Raises:
        TypeError: it is neither a string nor a function.
    """
    if isinstance(source, str):
        return _once(source)
    if not callable(source):
        raise TypeError(f"token is a string or a function that returns one, not {source!r}")
    return _checked(source)


def _once(token: str) -> TokenHook:
    """Return the string once: another request means that it has expired, or will soon."""
    unused = [token]

    async def hook() -> str:
        if not unused:
            raise NoToken
        return _non_empty(unused.pop())

    return hook


def _checked(source: Callable[[], str | Awaitable[str]]) -> TokenHook:
    """Call the function; in a thread unless it is async, because it may read a file or the network."""

    async def hook() -> str:
        called = source() if inspect.iscoroutinefunction(source) else await asyncio.to_thread(source)
        token = await called if inspect.isawaitable(called) else called
        if not isinstance(token, str):
            raise NoToken(f"the token function returned {type(token).__name__}, not a string")
        return _non_empty(token)

    return hook


def _non_empty(token: str) -> str:
    if not token:
        raise NoToken("the token is empty")
    return token
