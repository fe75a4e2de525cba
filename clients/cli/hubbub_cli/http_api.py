"""Read the HTTP API of the server: what the websocket has no command for. It needs a token or an API key."""

import json
import ssl
from typing import Final, cast
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


class HttpApi:
    """The API of a server, read as the user of the token."""

    def __init__(self, settings: CliSettings) -> None:
        """Raise NotSignedIn without a token: the API has no guests."""
        token = read_token(settings)
        if token is None:
            raise NotSignedIn(
                f"this needs a token or an API key (try: {PROGRAM} login)", code="token_required"
            )
        self._base = _base(settings.server)
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": PROGRAM}
        self._timeout = settings.connect_timeout
        self._opener = _opener(tls_context(settings))

    def get(self, path: str, **query: str | int | None) -> Answer:
        """Return the JSON object at a path below `/api`.

        Raises:
            CliError: the server cannot be reached, or rejects the request.
        """
        given = {name: value for name, value in query.items() if value is not None}
        url = f"{self._base}/{quote(path)}?{urlencode(given)}"
        try:
            with self._opener.open(Request(url, headers=self._headers), timeout=self._timeout) as answer:  # noqa: S310  http or https
                return cast(Answer, json.loads(answer.read(_MOST_BYTES)))
        except HTTPError as error:
            with error:
                raise _rejected(error.code, error.read(_MOST_BYTES)) from error
        except (OSError, ValueError) as error:
            raise self._cannot_connect(error) from error

    def _cannot_connect(self, error: Exception) -> CliError:
        cause = error.reason if isinstance(error, URLError) else error
        failure = explain(cause if isinstance(cause, Exception) else error, self._base)
        words = f"cannot connect to {sanitize(self._base)}: {failure.detail} (try: {PROGRAM} doctor)"
        return CannotConnect(words, code=failure.code)


def _base(server: str) -> str:
    """Return the address of the API beside that of the websocket."""
    parts = urlsplit(server)
    path = parts.path.removesuffix(_SOCKET) + "/api"
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
