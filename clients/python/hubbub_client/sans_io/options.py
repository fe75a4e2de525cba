"""The options of the state machine."""

from dataclasses import dataclass, field

from hubbub_client.sans_io.room_machine import RoomBounds


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """The options of a client. `session` proves the name from an earlier client."""

    name: str | None = None
    session: str | None = None
    client: str | None = None
    listener: bool = False
    token: bool = False
    bounds: RoomBounds = field(default_factory=RoomBounds)
