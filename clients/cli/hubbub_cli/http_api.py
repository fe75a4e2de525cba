"""The HTTP side of a server: what the websocket has no command for. The API needs a token or an API key."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Final, Protocol, cast
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPSHandler, OpenerDirector, Request, build_opener

from hubbub_cli.connect_failures import explain
from hubbub_cli.errors import CannotConnect, CliError, NoReply, NotSignedIn, RejectedByServer
from hubbub_cli.output import PROGRAM
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.tls import tls_context
from hubbub_cli.tokens import read_token

_SOCKET: Final = "/ws"
_MOST_BYTES: Final = 16 * 2**20
_UNAUTHORIZED: Final = 401
_SERVER_FAULTS: Final = 500

Answer = dict[str, object]


class Body(Protocol):
    """What is sent with a request."""

    def read(self, size: int, /) -> bytes: ...


class HttpServer:
    """A server, and how to reach it over HTTP."""

    def __init__(self, settings: CliSettings) -> None:
        self.root = server_root(settings.server)
        self._timeout = settings.connect_timeout
        self._opener = _opener(tls_context(settings))

    @contextmanager
    def opened(
        self, path: str, headers: Mapping[str, str], body: Body | None = None
    ) -> Iterator[HTTPResponse]:
        """Open a path; with a body, `PUT` it there.

        Raises:
            CliError: the server cannot be reached, or rejects the request.
        """
        method = "GET" if body is None else "PUT"
        headers = {"User-Agent": PROGRAM, **headers}
        request = Request(f"{self.root}/{path}", cast(bytes, body), headers, method=method)  # noqa: S310  http or https
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                yield answer
        except HTTPError as error:
            with error:
                raise _rejected(error.code, error.read(_MOST_BYTES)) from error
        except (OSError, ValueError, HTTPException) as error:
            raise self._cannot_connect(error) from error

    def _cannot_connect(self, error: Exception) -> CliError:
        cause = error.reason if isinstance(error, URLError) else error
        failure = explain(cause if isinstance(cause, Exception) else error, self.root)
        words = f"cannot connect to {sanitize(self.root)}: {failure.detail} (try: {PROGRAM} doctor)"
        return CannotConnect(words, code=failure.code)


class HttpApi(HttpServer):
    """The API of a server, read as the user of the token."""

    def __init__(self, settings: CliSettings) -> None:
        """Raise NotSignedIn without a token: the API has no guests."""
        super().__init__(settings)
        token = read_token(settings)
        if token is None:
            raise NotSignedIn(
                f"this needs a token or an API key (try: {PROGRAM} login)", code="token_required"
            )
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: str | int | None) -> Answer:
        """Return the JSON object at a path below `/api`.

        Raises:
            CliError: the server cannot be reached, or rejects the request.
        """
        given = {name: value for name, value in query.items() if value is not None}
        with self.opened(f"api/{quote(path)}?{urlencode(given)}", self._headers) as answer:
            return cast(Answer, json.loads(answer.read(_MOST_BYTES)))


def server_root(server: str) -> str:
    """Return the address of the server, which is that of the websocket without its name."""
    parts = urlsplit(server)
    path = parts.path.removesuffix(_SOCKET)
    return urlunsplit(("https" if parts.scheme == "wss" else "http", parts.netloc, path, "", ""))


def _opener(tls: ssl.SSLContext | None) -> OpenerDirector:
    return build_opener() if tls is None else build_opener(HTTPSHandler(context=tls))


def _rejected(status: int, body: bytes) -> CliError:
    """Return the error of an answer, with the words of the server."""
    try:
        problem = json.loads(body)
        code, words = str(problem["code"]), sanitize(str(problem["message"]))
    except (ValueError, KeyError, TypeError):
        code, words = "no_api", f"HTTP {status}: is this a hubbub server?"
    if status == _UNAUTHORIZED:
        return NotSignedIn(f"not signed in: {words} (try: {PROGRAM} login)", code=code)
    return NoReply(words, code=code) if status >= _SERVER_FAULTS else RejectedByServer(words, code=code)
