"""Which changes are accepted: the numbers that a message may have."""

from __future__ import annotations

import pytest

from hubbub_protocol import Code, commands, events
from service.identity.identity import guest
from service.rooms.changes import Target
from service.sessions import changes
from service.sessions.changes import (
    MAX_EDITS,
    MAX_EMOJI,
    MAX_REACTION_CHANGES,
    MAX_REACTIONS,
    MAX_REACTIONS_PER_USER,
)
from service.sessions.errors import CommandError
from tests.service.serving import Served

ANN = guest("ann", "session")
NOW = 4 * 10**12


def message(**folded: object) -> events.Message:
    return events.Message("lobby", 1, 0, "k", "ann", "hi", NOW, user_id=ANN.id, **folded)  # type: ignore[arg-type]


def change(offset: int, **fields: object) -> events.Change:
    made = {"change": "react", "target": 1, "key": f"k{offset}", "user": "bob", "at": NOW, "emoji": ":a:"}
    return events.Change(room="lobby", offset=offset, prev=0, **made | fields)  # type: ignore[arg-type]


def reaction(emoji: str, *users: str) -> events.Reaction:
    return events.Reaction(emoji, [events.Reactor(user, user) for user in users])


async def code_of(served: Served, command: commands.Change, target: Target | None) -> Code | None:
    """Return why a change is rejected; None if it is stored."""
    try:
        await changes.publish(served.node, ANN, command, target)
    except CommandError as error:
        return error.code
    return None


def react(emoji: str) -> commands.React:
    return commands.React(id=1, room="lobby", target=1, emoji=emoji)


async def test_a_message_has_a_bounded_number_of_edits(served: Served) -> None:
    edit = commands.Edit(id=1, room="lobby", target=1, text="new")
    edits = [change(offset, change="edit", text="x", emoji=None) for offset in range(MAX_EDITS)]
    assert await code_of(served, edit, Target(message(), edits[1:])) is None
    assert await code_of(served, edit, Target(message(), edits)) is Code.TOO_MANY_CHANGES
    delete = commands.Delete(id=1, room="lobby", target=1)
    assert await code_of(served, delete, Target(message(), edits)) is None, "it can still be deleted"


@pytest.mark.parametrize(
    ("reactions", "emoji", "allowed"),
    [
        ([reaction(f":e{n}:", "bob") for n in range(MAX_EMOJI)], ":new:", False),
        ([reaction(f":e{n}:", "bob") for n in range(MAX_EMOJI)], ":e1:", True),
        ([reaction(f":e{n}:", ANN.id) for n in range(MAX_REACTIONS_PER_USER)], ":new:", False),
        ([reaction(f":e{n}:", ANN.id) for n in range(MAX_REACTIONS_PER_USER - 1)], ":new:", True),
        ([reaction(":a:", *(f"u{n}" for n in range(MAX_REACTIONS)))], ":b:", False),
        ([reaction(":a:", *(f"u{n}" for n in range(MAX_REACTIONS - 1)))], ":b:", True),
    ],
)
async def test_a_message_has_a_bounded_number_of_reactions(
    served: Served, reactions: list[events.Reaction], emoji: str, *, allowed: bool
) -> None:
    code = await code_of(served, react(emoji), Target(message(reactions=reactions), ()))
    assert code is (None if allowed else Code.TOO_MANY_CHANGES)


async def test_reactions_are_added_and_removed_a_bounded_number_of_times(served: Served) -> None:
    toggled = [change(offset) for offset in range(MAX_REACTION_CHANGES)]
    unreact = commands.Unreact(id=1, room="lobby", target=1, emoji=":a:")
    for command in (react(":a:"), unreact):
        assert await code_of(served, command, Target(message(), toggled)) is Code.TOO_MANY_CHANGES
        assert await code_of(served, command, Target(message(), toggled[1:])) is None


async def test_a_retry_of_what_is_stored_is_not_checked_again(served: Served) -> None:
    """Also if the message was deleted meanwhile; another user's key is another key."""
    deleted = message(deleted=events.Deletion("eve", NOW))
    edit = commands.Edit(id=1, room="lobby", target=1, text="new", key="k7")
    own = change(7, change="edit", user_id=ANN.id)
    assert await code_of(served, edit, Target(deleted, [own])) is None
    assert await code_of(served, edit, Target(deleted, [change(7, user_id="bob")])) is Code.NOT_KEPT
