"""Being online as a command needs it, and each way in which that fails as a fault with a sentence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from hubbub_cli.diagnostics import explain
from hubbub_cli.errors import BadInput, CannotConnect, CliError, NoReply, NotSignedIn, RejectedByServer
from hubbub_cli.identity import session
from hubbub_cli.output import PROGRAM, Output
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
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
    status,
)
from hubbub_protocol import Close
from hubbub_protocol.names import room_fault, user_fault

_TOKEN_CODES: Final = frozenset(
    {"bad_token", "token_expired", "token_required", "no_token", Close.TOKEN_REFUSED, Close.TOKEN_EXPIRED}
)
_CLOSES: Final[dict[int | str, str]] = {
    Close.TOO_BIG: "the message is larger than this server takes",
    Close.BAD_ORIGIN: "the server does not let programs in from here",
    Close.NO_HELLO: "the server heard no hello in time",
    Close.FULL: "the server is full",
    Close.RESTART: "the server restarts",
    Close.GOING_AWAY: "the server takes nobody just now",
    "invalid_name": "the server does not take this name",
}
# In seconds: a server that does not answer a close must not keep anybody waiting.
_GOODBYE: Final = 0.5
_TOO_BIG: Final = frozenset({Close.TOO_BIG})


def client(settings: CliSettings, *, speaks: bool) -> Client:
    """Make a client. Who only listens needs no name, so that nobody is in anybody's way."""
    token = read_token(settings)
    proposed = settings.login if settings.login and not user_fault(settings.login) else None
    name = settings.name or (proposed if speaks and token is None else None)
    return Client(
        settings.server,
        token=_hook(settings) if token is not None else None,
        name=name,
        session=session(settings.server, name) if name and token is None else None,
        options=Options(about=PROGRAM, open_timeout=settings.connect_timeout, close_timeout=_GOODBYE),
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
async def connected(settings: CliSettings, *, speaks: bool) -> AsyncIterator[Client]:
    """Be online for the time of the block.

    Raises:
        CliError: there's no way to be.
    """
    with explained(settings):
        async with client(settings, speaks=speaks) as chat:
            await _online(chat, settings)
            yield chat


async def _online(chat: Client, settings: CliSettings) -> None:
    """Wait until online. What will not change by waiting ends it at once."""
    reason = f"no answer within {settings.connect_timeout:g} s"
    try:
        async with asyncio.timeout(settings.connect_timeout):
            async for now in chat.statuses():
                if isinstance(now, status.Online):
                    return
                if isinstance(now, status.Waiting):
                    if fault := hopeless(chat, now):
                        raise fault
                    reason = _CLOSES.get(now.code, reason)
            await chat.online()  # raises why it closed
    except TimeoutError:
        raise CannotConnect(_sentence(chat, reason), code="timeout") from None


def hopeless(chat: Client, now: status.Waiting) -> CliError | None:
    """Say why a first connection won't come about: nothing answers there, or the token has expired."""
    if now.code in _TOKEN_CODES:
        return NotSignedIn(f"not signed in at {chat.url}: {_words(now.code)}", code="token_expired")
    if chat.trouble is None:
        return None
    told = explain(chat.trouble, chat.url)
    return CannotConnect(_sentence(chat, told.detail), code=told.code)


def _sentence(chat: Client, reason: str) -> str:
    return f"cannot connect to {sanitize(chat.url)}: {reason} (try: {PROGRAM} doctor)"


async def enter(chat: Client, name: str, within: float, since: Position | None = None) -> Room:
    """Come into a room.

    Raises:
        CliError: the name is none, or the server refuses it, or doesn't answer.
    """
    fault = room_fault(name)
    if fault:
        raise BadInput(f"the room's name {fault}", code="invalid")
    return await chat.join(name, since=since, within=within)


@contextmanager
def explained(settings: CliSettings) -> Iterator[None]:
    """Turn what the SDK raises into faults.

    Raises:
        CliError: instead.
    """
    try:
        yield
    except NameTaken as error:
        raise name_taken(error, settings) from error
    except ClientClosed as error:
        raise closed(error.code) from error
    except (RoomRefused, SendFailed) as error:
        raise RejectedByServer(sanitize(str(error)), code=sanitize(error.code)) from error
    except TimedOut as error:
        raise NoReply(f"no answer in time: {sanitize(str(error))}", code="timeout") from error


def name_taken(error: NameTaken, settings: CliSettings) -> CliError:
    """Say whose turn it isn't, and which name is free."""
    name = sanitize(settings.name or settings.login or "")
    free = sanitize(error.suggestion or "")
    hint = f"; {free} is free: --name {free}" if free else "; choose another: --name NAME"
    return RejectedByServer(f"the name {name} is in use{hint}", code="name_taken")


def closed(code: int | str) -> CliError:
    """Say why the client has ended."""
    if code in _TOKEN_CODES:
        return NotSignedIn(f"not signed in: {_words(code)} (--token-file, CHAT_TOKEN)", code=str(code))
    kind = RejectedByServer if isinstance(code, str) or code in _TOO_BIG else CannotConnect
    return kind(_CLOSES.get(code, f"the server ended the connection ({sanitize(str(code))})"), code=str(code))


def _words(code: int | str) -> str:
    match code:
        case "token_expired" | Close.TOKEN_EXPIRED:
            return "the token has expired"
        case "token_required":
            return "this server wants a token"
        case _:
            return "the token is refused"


async def watch(chat: Client, output: Output) -> None:
    """Tell when the connection goes, and when it's back.

    Raises:
        ClientClosed: it won't come back.
    """
    lost = False
    async for now in chat.statuses():
        match now:
            case status.Waiting() if not lost:
                lost = True
                output.notice("connection lost, reconnecting")
            case status.Online() if lost:
                lost = False
                output.notice(f"online again as {sanitize(now.user)}")
            case _:
                output.detail(f"{type(now).__name__.lower()}")
    await chat.online()
