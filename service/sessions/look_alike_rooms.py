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
    twin = ascii_twin(name)
    if twin is None or room_fault(twin) is not None:
        return
    if (await node.broker.heads([twin]))[twin].offset:
        raise CommandError(
            Code.INVALID,
            "Invalid room name: it looks like another room that has messages. Join that one, or choose "
            "another name.",
            suggestion=twin if identity.may_read(twin) else None,
        )
