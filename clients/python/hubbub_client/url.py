"""Parse the address of a server."""

from urllib.parse import quote, urlsplit, urlunsplit

from hubbub_client.errors import BadUrl
from hubbub_protocol.events import File

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_PATH = "/ws"


def websocket_url(address: str) -> str:
    """Return the websocket URL of an address.

    `http` means `ws`. The default scheme is `ws` for this machine, `wss` for others; the default path `/ws`.

    Raises:
        BadUrl: it is not a valid server address.
    """
    address = address.strip()
    if "://" not in address:
        host = urlsplit(f"//{address}").hostname
        address = f"{'ws' if host in _LOCAL else 'wss'}://{address}"
    try:
        parts = urlsplit(address)
        port = parts.port  # validates it
    except ValueError as error:
        raise BadUrl(f"invalid address {address!r}: {error}") from None
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None:
        raise BadUrl(
            f"invalid address {address!r}: unknown scheme {parts.scheme!r}; use ws, wss, http or https"
        )
    if not parts.hostname or port == 0:
        raise BadUrl(f"invalid address {address!r}: no host or port")
    path = parts.path if parts.path not in {"", "/"} else _PATH
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def file_path(file: File) -> str:
    """Return the address of a file of a message, relative to that of the server."""
    return f"files/{file.id}/{quote(file.name, safe='')}"


def upload_path(ticket: str) -> str:
    """Return the address to which the bytes of a file are sent by `PUT`, relative to that of the server."""
    return f"api/files/{ticket}"


def booked(url: str) -> str:
    """Add to a websocket URL that the client has a reservation (CL4)."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, "booked=1")))))
