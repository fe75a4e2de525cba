"""The options of the state machine."""

import msgspec

from hubbub_client.sans_io.room_machine import RoomBounds


class MachineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a client. `session` proves the name from an earlier client."""

    name: str | None = None
    session: str | None = None
    client: str | None = None
    listener: bool = False
    token: bool = False
    bounds: RoomBounds = msgspec.field(default_factory=RoomBounds)
