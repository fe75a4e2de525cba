"""The route's subprotocols, as Sanic's stock protocol asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from sanic import Request
from typing_extensions import override


class Offer(Sequence[str]):
    """A list of subprotocols that is empty for a client that offers none.

    Sanic's stock protocol refuses such clients when a route has subprotocols; for hubbub they speak the plain
    codec. It makes a list of the route's subprotocols for each request: that is where this looks at it.
    """

    def __init__(self, *names: str) -> None:
        self._names = names

    @override
    def __iter__(self) -> Iterator[str]:
        request = Request.get_current()
        return iter(self._names if "sec-websocket-protocol" in request.headers else ())

    @override
    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    @override
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._names[index]
