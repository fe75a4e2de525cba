"""The `hello` command: the identity of a connection, and how long it is valid (CN1-CN6)."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from time import time
from typing import Final

from msgspec.structs import replace

from hubbub_protocol import Close, Code, events
from hubbub_protocol.commands import Hello, Refresh
from service.cluster.name_errors import InvalidName, TooManyNames, UserNameTaken
from service.cluster.user_names import AcquiredName
from service.identity.authenticator import BadToken, TokenExpired
from service.identity.identity import Identity
from service.moderation.actions import Subject
from service.node import Node, subject_of
from service.sessions import presence, reading, room_commands
from service.sessions.errors import CommandError, banned
from service.sessions.session import Session
from service.transport.connection import Connection

# How long before a token expires the client receives `expiring` (seconds).
WARN_BEFORE: Final = 60.0
# What this server can do besides sending messages (CN8).
FEATURES: Final = ("reply", "edit", "delete", "react", "directory", "mentions", "threads", "topics", "away")
# What it can do with an archive.
ARCHIVE_FEATURES: Final = ("search",)
# What it can do with an archive for a user with a token.
MARK_FEATURES: Final = ("read", "rooms")
# What it can do with a storage of files.
FILE_FEATURES: Final = ("files",)
# What it can do with a key for push services, and an archive.
PUSH_FEATURES: Final = ("push",)
# What the check of a signature costs of the connection's rate (see `service/transport/input_budget.py`).
TOKENS_TO_VERIFY: Final = 5
# When a guest may ask again for a name, if its address has too many (seconds).
_NAMES_RETRY_AFTER: Final = 10.0


def hello(session: Session, command: Hello) -> None:
    """Establish the identity of a connection, a guest's or a token's, and answer with `welcome`."""
    if session.identity is not None:
        raise CommandError(Code.HELLO_AGAIN, "This connection has sent `hello` already.")
    if command.token is not None:
        identity = _verify(session, command.token, command.id)
        if identity is None:
            return
        taken = session.node.user_names.acquire_verified(identity.user, command.session, user_id=identity.id)
        identity = replace(identity, user=taken.user)
    elif not session.node.settings.takes_guests:
        session.write_error(
            CommandError(
                Code.TOKEN_REQUIRED, "Guests are not allowed on this server: send a token in `hello`."
            ),
            command.id,
        )
        session.connection.close(Close.TOKEN_REFUSED, "a token is required")
        return
    else:
        taken = _take_name(session, command)
        identity = session.node.auth.guest(taken.user, taken.session)
    session.stop_timers()
    session.identity, session.listener = identity, command.listener
    if command.listener:
        # A program that only reads: its user is not here.
        presence.turn(session, away=True)
    if session.node.moderation.has_bans and _reject_banned(
        session, subject_of(session.connection), command.id
    ):
        # The end of the connection releases the name.
        return
    if not identity.is_guest:
        session.update_idle()
    _start_expiry_timers(session, identity)
    reading.follow(session, identity)
    session.write_event(_welcome(session, command.id, taken, identity))


def refresh(session: Session, command: Refresh) -> None:
    """Replace the token by a new one of the same user, and leave the rooms that it can't read (CN6)."""
    before = session.identity
    if before is None or before.expires is None:
        raise CommandError(Code.BAD_TOKEN, "A guest has no token to refresh.")
    identity = _verify(session, command.token, command.id)
    if identity is None:
        return
    if identity.id != before.id:
        raise CommandError(
            Code.BAD_TOKEN, "The token belongs to another user: refresh with a token of the same user."
        )
    subject = Subject(identity.id, session.connection.address, identity.token_id)
    if _reject_banned(session, subject, command.id):
        return
    # The name is in the rosters: another one counts from the next connection on.
    session.identity = replace(identity, user=before.user)
    session.stop_timers()
    _start_expiry_timers(session, identity)
    left = max(0.0, (identity.expires or 0.0) - time())
    session.write_event(events.Refreshed(id=command.id, expires=int(left * 1000)))
    room_commands.leave_forbidden(session)


def release_name(session: Session) -> None:
    """Release the name of a connection that is lost."""
    identity, user_names = session.identity, session.node.user_names
    if identity is None:
        return
    session.node.rooms.marks.remove(identity.id, session)
    if identity.is_guest:
        user_names.release_guest(identity.user, session.connection)
    else:
        user_names.release_verified(identity.user, user_id=identity.id, away=session.away)


def start_hello_timer(session: Session) -> None:
    """Limit the time until `hello` (CN2)."""
    loop = asyncio.get_running_loop()
    session.timers.append(loop.call_later(session.node.settings.hello_seconds, _hello_timed_out, session))


def _hello_timed_out(session: Session) -> None:
    session.connection.close(Close.NO_HELLO, "no hello in time")


def _reject_banned(session: Session, subject: Subject, number: int) -> bool:
    """Close the connection if the operator has banned its user, address or token; return whether it is."""
    ban = session.node.moderation.ban(subject)
    if ban is None:
        return False
    session.write_error(banned(ban), number)
    session.connection.close(Close.REMOVED, "banned by the operator")
    return True


def _verify(session: Session, token: str, number: int) -> Identity | None:
    """Verify a token; without success write the error, close, and return None (CN5)."""
    session.connection.charge(TOKENS_TO_VERIFY)
    try:
        return session.node.auth.verify(token)
    except TokenExpired as error:
        session.write_error(CommandError(Code.TOKEN_EXPIRED, str(error)), number)
        session.connection.close(Close.TOKEN_EXPIRED, "the token has expired")
    except BadToken as error:
        session.write_error(CommandError(Code.BAD_TOKEN, str(error)), number)
        session.connection.close(Close.TOKEN_REFUSED, "the token is not valid")
    return None


def acquire_guest(node: Node, name: str | None, session: str | None, connection: Connection) -> AcquiredName:
    """Acquire a name for a connection of a guest; raises as `UserNames.acquire_guest`."""
    try:
        return node.user_names.acquire_guest(name, session, connection, address=connection.address)
    except TooManyNames:
        node.metrics.address_limited.add("names")
        raise


def _take_name(session: Session, command: Hello) -> AcquiredName:
    try:
        return acquire_guest(session.node, command.name, command.session, session.connection)
    except UserNameTaken as error:
        raise CommandError(Code.NAME_TAKEN, str(error), suggestion=error.suggestion) from error
    except TooManyNames as error:
        raise CommandError(Code.TOO_MANY_NAMES, str(error), retry_after=_NAMES_RETRY_AFTER) from error
    except InvalidName as error:
        raise CommandError(Code.INVALID_NAME, str(error)) from error


def _start_expiry_timers(session: Session, identity: Identity) -> None:
    if identity.expires is None:
        return
    left = max(0.0, identity.expires - time())
    loop = asyncio.get_running_loop()
    warn_in = max(0.0, left - WARN_BEFORE)
    session.timers.append(loop.call_later(warn_in, _warn_of_expiry, session, identity.expires))
    session.timers.append(loop.call_later(left, _expired, session))


def _warn_of_expiry(session: Session, expires: float) -> None:
    session.write_event(events.Expiring(within=max(0, int((expires - time()) * 1000))))


def _expired(session: Session) -> None:
    session.connection.close(Close.TOKEN_EXPIRED, "the token has expired")


@lru_cache
def _features(*, files: bool, archive: bool, marks: bool, push: bool) -> list[str]:
    """Return what a node can do for a user; the list is shared, and may not be changed."""
    return [
        *FEATURES,
        *(FILE_FEATURES if files else ()),
        *(ARCHIVE_FEATURES if archive else ()),
        *(MARK_FEATURES if marks else ()),
        *(PUSH_FEATURES if push else ()),
    ]


def _welcome(session: Session, number: int, taken: AcquiredName, identity: Identity) -> events.Welcome:
    node = session.node
    return events.Welcome(
        id=number,
        user=taken.user,
        user_id=identity.id,
        kind=identity.kind,
        session=taken.session,
        ping=int(node.settings.ping_seconds * 1000),
        time=int(time() * 1000),
        limits=node.client_limits,
        features=_features(
            files=node.files is not None,
            archive=node.archiving is not None,
            marks=reading.marks_of(node, identity) is not None,
            push=node.push is not None,
        ),
    )
