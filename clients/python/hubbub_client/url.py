"""The address of a server, as people write it."""

from urllib.parse import urlsplit, urlunsplit

from hubbub_client.errors import BadUrl

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_PATH = "/ws"


def websocket_url(address: str) -> str:
    """Turn an address into the URL of the websocket.

    `http` means `ws`; without a scheme it's `ws` on this machine, `wss` elsewhere; without a path `/ws`.

    Raises:
        BadUrl: it's no address of a server.
    """
    address = address.strip()
    if "://" not in address:
        host = urlsplit(f"//{address}").hostname
        address = f"{'ws' if host in _LOCAL else 'wss'}://{address}"
    try:
        parts = urlsplit(address)
        port = parts.port  # reading it checks it
    except ValueError as error:
        raise BadUrl(f"{address!r} is no address: {error}") from None
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        raise BadUrl(f"{address!r} begins with {parts.scheme!r}: say ws, wss, http or https")
    if not parts.hostname or port == 0:
        raise BadUrl(f"{address!r} names no server")
    path = parts.path if parts.path not in {"", "/"} else _PATH
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def booked(url: str) -> str:
    """Add to the URL of a websocket that one was told to come now (CL4)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, "booked=1")))))
