"""The state that another node reported, room by room, and how old it is. Sans-I/O: no loop, no clock.

Signals may be lost, duplicated and late, so nothing depends on a single one:

- Each change names the stamp of the change before it in its room, as entries do. After a gap the change is
  ignored and the room's state is requested.
- Heartbeats name the stamps of all rooms with users, some at a time. If a stamp differs, the state is
  requested.
- The state of a room is also requested if it has users here, and no heartbeat named it for two laps.
- After a request for all rooms, a room whose state is still missing is requested by name: on some brokers the
  signal that a request is done overtakes the states.

Times are those of the caller's clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.cluster.roster import Roster
from service.cluster.signals import Heartbeat, PresenceChange, PresenceState

# Least time between two requests for a room (seconds).
REQUEST_INTERVAL: Final = 1.0


@dataclass(slots=True)
class _KnownRoom:
    """The last known state of a room with users of the peer, and when it was last confirmed."""

    stamp: int
    confirmed: float


@dataclass(slots=True)
class _Parts:
    """The received parts of a state."""

    stamp: int
    count: int
    users: set[str]
    away: set[str]


class Peer:
    """One other node.

    Attributes:
        last_seen: when its last signal arrived.
        rooms: the rooms, open on this node, with users of the peer.
    """

    __slots__ = (
        "_lap", "_lap_before_began", "_lap_began", "_parts", "_requested", "last_seen", "name", "rooms",
    )  # fmt: skip

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.last_seen = now
        self.rooms: dict[str, _KnownRoom] = {}
        self._requested: dict[str, float] = {}
        self._parts: dict[str, _Parts] = {}
        self._lap = -1
        self._lap_began = self._lap_before_began = now

    def apply_change(self, room: str, roster: Roster, signal: PresenceChange, now: float) -> bool:
        """Apply a change; return False if the state must be requested."""
        known = self.rooms.get(room)
        at = known.stamp if known else 0
        if signal.stamp <= at:
            return True
        if signal.prev != at:
            return False
        roster.update(self.name, signal.joined, signal.left, signal.away, signal.back)
        self._remember(room, roster, signal.stamp, now)
        return True

    def apply_state(self, room: str, roster: Roster, signal: PresenceState, now: float) -> bool:
        """Apply a state or a part of one; return False if it must be requested again."""
        known = self.rooms.get(room)
        if known and (signal.at < known.stamp or signal.stamp == known.stamp):
            # It is older than the known state, or the same.
            if signal.stamp == known.stamp:
                known.confirmed = now
                self._request_done(room)
            return True
        whole = self._assemble(room, signal)
        if whole is None:
            return room in self._parts
        roster.replace(self.name, whole.users, whole.away)
        self._remember(room, roster, signal.stamp, now)
        self._request_done(room)
        return True

    def check_heartbeat(self, signal: Heartbeat, rooms: Mapping[str, object], now: float) -> list[str]:
        """Compare a heartbeat with the known state of `rooms`; return the rooms to request."""
        outdated = []
        for room, stamp in signal.stamps.items():
            known = self.rooms.get(room)
            if known and known.stamp == stamp:
                known.confirmed = now
            elif room in rooms:
                outdated.append(room)
        if signal.lap != self._lap:
            outdated += self.unconfirmed(self._lap_before_began)
            self._lap = signal.lap
            self._lap_before_began, self._lap_began = self._lap_began, now
        return outdated

    def unconfirmed(self, since: float) -> list[str]:
        """Return the rooms that were last confirmed before a time."""
        return [room for room, known in self.rooms.items() if known.confirmed < since]

    def may_request(self, room: str, now: float) -> bool:
        """Return whether a room's state may be requested now, and record the request."""
        if now - self._requested.get(room, -REQUEST_INTERVAL) < REQUEST_INTERVAL:
            return False
        self._requested[room] = now
        return True

    def forget(self, room: str) -> None:
        """Discard the state of a room that is no longer open on this node."""
        self.rooms.pop(room, None)
        self._request_done(room)

    def _remember(self, room: str, roster: Roster, stamp: int, now: float) -> None:
        if roster.remote(self.name):
            self.rooms[room] = _KnownRoom(stamp, now)
        else:
            self.rooms.pop(room, None)

    def _request_done(self, room: str) -> None:
        self._requested.pop(room, None)
        self._parts.pop(room, None)

    def _assemble(self, room: str, signal: PresenceState) -> _Parts | None:
        """Add a part of a state; return the whole with the last part. A part out of order is discarded."""
        if signal.part == 0:
            parts = self._parts[room] = _Parts(signal.stamp, 0, set(), set())
        else:
            found = self._parts.get(room)
            if found is None or (found.stamp, found.count) != (signal.stamp, signal.part):
                self._parts.pop(room, None)
                return None
            parts = found
        parts.count += 1
        parts.users.update(signal.users)
        parts.away.update(signal.away)
        return parts if parts.count == signal.parts else None
