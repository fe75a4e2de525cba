"""The settings that limit the input of one connection."""

from __future__ import annotations

from dataclasses import dataclass

from service.settings.kinds import number, whole
from service.settings.row import setting as _set


# Without slots: `Settings` can inherit them from one base only.
@dataclass(frozen=True, kw_only=True)
class LimitSettings:
    """What a connection may send besides its messages, which have limits of their own."""

    commands_per_second: float = _set(
        "HUBBUB_COMMANDS_PER_SECOND",
        50.0,
        number(0.01, 1_000_000),
        "Frames a second that one connection may send in the long run, on top of HUBBUB_SENDS_PER_SECOND: "
        "commands, pings, pongs and fragments. Above it the connection is read more slowly.",
    )
    commands_burst: int = _set(
        "HUBBUB_COMMANDS_BURST",
        500,
        whole(1, 1_000_000),
        "Frames that one connection may send at once, on top of HUBBUB_SENDS_BURST.",
    )
    flood_seconds: float = _set(
        "HUBBUB_FLOOD_SECONDS",
        10.0,
        number(0.1, 3600),
        "How long a connection may stay above that rate without a pause, before it is closed with 4003.",
    )
