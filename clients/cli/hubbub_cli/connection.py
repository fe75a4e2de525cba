"""Connect for a command; turn each failure into an error with an explanation."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from hubbub_cli.credentials import Credentials, credentials
from hubbub_cli.errors import BadInput, CannotConnect, CliError, NoReply, NotSignedIn, RejectedByServer
from hubbub_cli.output import PROGRAM, TerminalOutput
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings, may_use_proxy
from hubbub_cli.tls import tls_context
from hubbub_cli.tokens import read_token
from hubbub_client import (
    Client,
    ClientClosed,
    NameTaken,
    NoToken,
    Options,
    Position,
    Room,
    RoomRefused,
    SendFailed,
    TimedOut,
    TopicNotSet,
    UploadRefused,
    status,
)
from hubbub_client.reasons import reason
from hubbub_protocol import Close
from hubbub_protocol.names import room_fault

_TOKEN_CODES: Final = frozenset(
    {"bad_token", "token_expired", "token_required", "no_token", Close.TOKEN_REFUSED, Close.TOKEN_EXPIRED}
)
# Why a first connection has to wait.
_BUSY: Final[dict[int | str, str]] = {
    Close.FULL: "the server is full",
    Close.RESTART: "the server is restarting",
    "too_many_names": "the guests of this address have as many names as the server allows",
    Close.GOING_AWAY: "the server accepts no connections at the moment",
}
# In seconds: a server that does not reply to a close must not delay the user.
_GOODBYE: Final = 0.5
_TOO_BIG: Final = frozenset({Close.TOO_BIG})


def client(settings: CliSettings, *, speaks: bool, listener: bool, who: Credentials | None = None) -> Client:
    """Create a client, by default with the credentials of the settings.

    A `listener` is in no list of members.
    """
    who = who or credentials(settings, speaks=speaks)
    return Client(
        settings.server,
        token=_hook(settings) if who.token is not None else None,
        name=who.name,
        session=who.session,
        options=Options(
            about=PROGRAM,
            listener=listener,
            open_timeout=settings.connect_timeout,
            close_timeout=_GOODBYE,
            ssl=tls_context(settings),
            proxy=may_use_proxy(),
        ),
    )


def _hook(settings: CliSettings) -> Callable[[], Awaitable[str]]:
    async def read() -> str:
        try:
            token = read_token(settings)
        except BadInput as error:
            raise NoToken from error
        if token is None:
            raise NoToken
        return token

    return read


@asynccontextmanager
async def connected(
    settings: CliSettings,
    *,
    speaks: bool,
    listener: bool = True,
    who: Credentials | None = None,
    spent: float = 0,
) -> AsyncIterator[Client]:
    """Connect for the duration of the block; the command is no member of its rooms, unless a user is there.

    `spent` is how many seconds of the timeout an earlier attempt used.

    Raises:
        CliError: it cannot connect.
    """
    if spent >= settings.connect_timeout:
        raise CannotConnect(_sentence(settings.server, _no_reply(settings)), code="timeout")
    with explained(settings):
        async with client(settings, speaks=speaks, listener=listener, who=who) as chat:
            await _online(chat, settings, settings.connect_timeout - spent)
            yield chat


async def _online(chat: Client, settings: CliSettings, within: float) -> None:
    """Wait until online. A permanent failure is raised at once."""
    reason = _no_reply(settings)
    attempts = ConnectAttempts(settings.retry or 0)
    try:
        async with asyncio.timeout(within if settings.retry is None else None):
            async for now in chat.statuses():
                if isinstance(now, status.Online):
                    return
                if isinstance(now, status.Waiting):
                    attempts.failed(hopeless(chat, now))
                    reason = _BUSY.get(now.code, reason)
            await chat.online()  # raises the reason of the close
    except TimeoutError:
        through = f", through the proxy {sanitize(chat.proxy.name)}" if chat.proxy else ""
        raise CannotConnect(_sentence(chat.url, f"{reason}{through}"), code="timeout") from None


class ConnectAttempts:
    """Counts attempts to connect in a row."""

    def __init__(self, more: float) -> None:
        self._more = self._left = more

    def failed(self, fault: CliError | None) -> None:
        """Note a failed attempt.

        Raises:
            CliError: it was the last one, or a token is rejected, which another attempt would not change.
        """
        if fault is not None and (self._left <= 0 or isinstance(fault, NotSignedIn)):
            raise fault
        self._left -= 1

    def succeeded(self) -> None:
        self._left = self._more


def hopeless(chat: Client, now: status.Waiting) -> CliError | None:
    """Return the error of a first connection that will not succeed, or None to keep waiting."""
    if now.code in _TOKEN_CODES:
        return NotSignedIn(f"not signed in at {chat.url}: {_token_problem(now.code)}", code="token_expired")
    if chat.connection_error is None:
        return None
    from hubbub_cli.connect_failures import explain

    failure = explain(chat.connection_error, chat.url, chat.proxy)
    return CannotConnect(_sentence(chat.url, failure.detail), code=failure.code)


def _no_reply(settings: CliSettings) -> str:
    return f"no reply within {settings.connect_timeout:g} s"


def _sentence(url: str, reason: str) -> str:
    return f"cannot connect to {sanitize(url)}: {reason} (try: {PROGRAM} doctor)"


async def enter(chat: Client, name: str, within: float, since: Position | None = None) -> Room:
    """Join a room.

    Raises:
        CliError: the name is invalid, the server rejects it or does not reply.
    """
    fault = room_fault(name)
    if fault:
        raise BadInput(f"invalid room name: it {fault}", code="invalid")
    return await chat.join(name, since=since, history=True, within=within)


@contextmanager
def explained(settings: CliSettings) -> Iterator[None]:
    """Turn errors of the SDK into errors of this program.

    Raises:
        CliError: for each error of the SDK.
    """
    try:
        yield
    except NameTaken as error:
        raise name_taken(error, settings) from error
    except ClientClosed as error:
        raise closed(error) from error
    except (RoomRefused, SendFailed, TopicNotSet, UploadRefused) as error:
        raise RejectedByServer(sanitize(str(error)), code=sanitize(error.code)) from error
    except TimedOut as error:
        raise NoReply(f"no reply in time: {sanitize(str(error))}", code="timeout") from error


def name_taken(error: NameTaken, settings: CliSettings) -> CliError:
    """Return the error for a name in use, with a free name."""
    name = sanitize(settings.name or settings.login or "")
    free = sanitize(error.suggestion or "")
    hint = f"; {free} is free: --name {free}" if free else "; choose another: --name NAME"
    return RejectedByServer(f"the name {name} is in use{hint}", code="name_taken")


def closed(error: ClientClosed) -> CliError:
    """Return the error for a closed client."""
    code = error.code
    if code in _TOKEN_CODES:
        return NotSignedIn(f"not signed in: {_token_problem(code)} (try: {PROGRAM} login)", code=str(code))
    kind = RejectedByServer if isinstance(code, str) or code in _TOO_BIG else CannotConnect
    how = "" if isinstance(code, str) else "the server closed the connection: "
    return kind(f"{how}{sanitize(reason(code))}", code=str(code))


def _token_problem(code: int | str) -> str:
    match code:
        case "token_expired" | Close.TOKEN_EXPIRED:
            return "the token has expired"
        case "token_required":
            return "this server requires a token"
        case _:
            return "the token is rejected"


async def watch(chat: Client, output: TerminalOutput, retry: float | None = None) -> None:
    """Print when the connection is lost, and when it is back.

    Raises:
        ClientClosed: the client does not reconnect.
        CliError: the attempts of `--retry` failed.
    """
    lost = False
    attempts = ConnectAttempts(math.inf if retry is None else retry)
    async for now in chat.statuses():
        match now:
            case status.Waiting():
                if lost:
                    attempts.failed(hopeless(chat, now))
                else:
                    output.notice("connection lost, reconnecting")
                lost = True
            case status.Online() if lost:
                lost = False
                attempts.succeeded()
                output.notice(f"online again as {sanitize(now.user)}")
            case _:
                output.detail(f"{type(now).__name__.lower()}")
    await chat.online()
