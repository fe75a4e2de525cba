"""Saying hello: who a connection speaks for, and for how long (CN1-CN6)."""

from __future__ import annotations

import asyncio
from time import time
from typing import Final

from hubbub_protocol import Close, Code, events
from hubbub_protocol.commands import Hello, Refresh
from service.cluster.user_names import AcquiredName, InvalidName, NameTaken
from service.identity.authenticator import BadToken, TokenExpired
from service.identity.identity import Identity, guest
from service.sessions import room_commands
from service.sessions.errors import CommandError
from service.sessions.session import Session

# How long before its end a token is said to expire (seconds).
WARN_BEFORE: Final = 60.0


def hello(session: Session, command: Hello) -> None:
    """Welcome a client, as a guest or by its token."""
    if session.identity is not None:
        raise CommandError(Code.HELLO_AGAIN, "hello was said already")
    if command.token is not None:
        identity = _verify(session, command.token, command.id)
        if identity is None:
            return
        taken = session.node.guests.acquire_verified(identity.user, command.session)
    elif session.node.settings.auth == "tokens":
        session.refuse(
            CommandError(Code.TOKEN_REQUIRED, "this server takes no guests: say hello with a token"),
            command.id,
        )
        session.connection.close(Close.TOKEN_REFUSED, "a token is required")
        return
    else:
        taken = _take_name(session, command)
        identity = guest(taken.user, taken.session)
    session.stop_timers()
    session.identity = identity
    _watch_expiry(session, identity)
    session.answer(_welcome(session, command.id, taken))


def refresh(session: Session, command: Refresh) -> None:
    """Go on with a new token of the same user, in the rooms that it opens (CN6)."""
    before = session.identity
    if before is None or before.is_guest:
        raise CommandError(Code.BAD_TOKEN, "a guest has no token to refresh")
    identity = _verify(session, command.token, command.id)
    if identity is None:
        return
    if identity.scope != before.scope:
        raise CommandError(Code.BAD_TOKEN, "the token is another user's")
    session.identity = identity
    session.stop_timers()
    _watch_expiry(session, identity)
    left = max(0.0, (identity.expires or 0.0) - time())
    session.answer(events.Refreshed(id=command.id, expires=int(left * 1000)))
    room_commands.leave_forbidden(session)


def farewell(session: Session) -> None:
    """Give the name back."""
    identity, guests = session.identity, session.node.guests
    if identity is None:
        return
    if identity.is_guest:
        guests.release_guest(identity.user, session.connection)
    else:
        guests.release_verified(identity.user)


def expect_hello(session: Session) -> None:
    """Give a connection some time to say hello (CN2)."""
    loop = asyncio.get_running_loop()
    session.timers.append(loop.call_later(session.node.settings.hello_seconds, _not_greeted, session))


def _not_greeted(session: Session) -> None:
    session.connection.close(Close.NO_HELLO, "no hello in time")


def _verify(session: Session, token: str, number: int) -> Identity | None:
    """Check a token; tell and close if it's no good (CN5)."""
    try:
        return session.node.auth.verify(token)
    except TokenExpired as error:
        session.refuse(CommandError(Code.TOKEN_EXPIRED, str(error)), number)
        session.connection.close(Close.TOKEN_EXPIRED, "the token has expired")
    except BadToken as error:
        session.refuse(CommandError(Code.BAD_TOKEN, str(error)), number)
        session.connection.close(Close.TOKEN_REFUSED, "the token is refused")
    return None


def _take_name(session: Session, command: Hello) -> AcquiredName:
    try:
        return session.node.guests.acquire_guest(command.name, command.session, session.connection)
    except NameTaken as error:
        raise CommandError(Code.NAME_TAKEN, str(error), suggestion=error.suggestion) from error
    except InvalidName as error:
        raise CommandError(Code.INVALID_NAME, str(error)) from error


def _watch_expiry(session: Session, identity: Identity) -> None:
    if identity.expires is None:
        return
    left = max(0.0, identity.expires - time())
    loop = asyncio.get_running_loop()
    session.timers.append(loop.call_later(max(0.0, left - WARN_BEFORE), _expiring, session, identity.expires))
    session.timers.append(loop.call_later(left, _expired, session))


def _expiring(session: Session, expires: float) -> None:
    session.answer(events.Expiring(within=max(0, int((expires - time()) * 1000))))


def _expired(session: Session) -> None:
    session.connection.close(Close.TOKEN_EXPIRED, "the token has expired")


def _welcome(session: Session, number: int, taken: AcquiredName) -> events.Welcome:
    settings = session.node.settings
    return events.Welcome(
        id=number,
        user=taken.user,
        session=taken.session,
        ping=int(settings.ping_seconds * 1000),
        time=int(time() * 1000),
        limits=events.Limits(
            frame=settings.frame_bytes,
            text=settings.text_characters,
            rooms=settings.rooms_per_connection,
            sends=settings.sends_per_second,
            burst=settings.sends_burst,
        ),
    )
