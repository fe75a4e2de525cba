"""The route's subprotocols, as Sanic's stock protocol asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from sanic import Request


class Offer(Sequence[str]):
    """A list of subprotocols that is empty for a client that offers none.

    Sanic's stock protocol refuses such clients when a route has subprotocols; for hubbub they speak the plain codec.
    It makes a list of the route's subprotocols for each request, which is where this looks at the request.
    """

    def __init__(self, *names: str) -> None:
        self._names = names

    def __iter__(self) -> Iterator[str]:
        request = Request.get_current()
        return iter(self._names if "sec-websocket-protocol" in request.headers else ())

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._names[index]
