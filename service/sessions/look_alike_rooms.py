"""New rooms that look like a room with messages are rejected (RM9)."""

from __future__ import annotations

from hubbub_protocol import Code
from hubbub_protocol.names import room_fault
from service.identity.identity import Identity
from service.identity.look_alikes import ascii_twin
from service.node import Node
from service.sessions.errors import CommandError


async def check_new_room(node: Node, identity: Identity, name: str) -> None:
    """Reject the name of a room without messages if it looks like that of a room with messages.

    Raises:
        BrokerError: the broker is unreachable.
    """
    found = (ascii_twin(name), node.room_names.find(name))
    twins = [twin for twin in found if twin is not None and room_fault(twin) is None]
    heads = await node.broker.heads(twins) if twins else {}
    twin = next((twin for twin in twins if heads[twin].offset), None)
    if twin is not None:
        raise CommandError(
            Code.INVALID,
            "Invalid room name: it looks like another room that has messages. Join that one, or choose "
            "another name.",
            suggestion=twin if identity.may_read(twin) else None,
        )
