"""The command `away`: whether a connection's user is away (PR6)."""

from __future__ import annotations

from typing import Final

from hubbub_protocol import events
from hubbub_protocol.commands import Away
from service.sessions.session import Session

# What a change costs of the connection's rate, besides the token of its frame: it is signalled to the other
# nodes, in each room of the connection (see `service/transport/input_budget.py`).
TOKENS: Final = 5
ROOMS_PER_TOKEN: Final = 5


def away(session: Session, command: Away) -> None:
    """Record whether the user of a connection is away; a listener always is, as it is in no list."""
    if not session.listener and command.away != session.away:
        session.connection.charge(TOKENS + len(session.members) / ROOMS_PER_TOKEN)
        turn(session, away=command.away)
    session.write_event(events.AwaySet(id=command.id, away=session.away))


def turn(session: Session, *, away: bool) -> None:
    """Change the state of a connection, in all of its rooms."""
    identity, names = session.require_identity(), session.node.user_names
    session.away = away
    if identity.is_guest:
        names.turn_guest(identity.user, session.connection, away=away)
    else:
        names.turn_verified(identity.user, user_id=identity.id, away=away)
    for name, member in session.members.items():
        room = session.node.rooms.get(name)
        if room is not None:
            room.turn(member, away=away)
