"""What another node told: who is there, room by room, and what of it is doubtful. Without a loop or a clock.

Signals may be lost, repeated and late, so nothing here relies on a single one:

- Each change names the stamp of the one before it in its room, as entries do. One that doesn't follow is not
  taken: the room's state is asked for.
- Beats name the stamps of all rooms with users, some at a time. One that isn't ours: the state is asked for.
- A room of which we think that users are there, and that no beat named for two laps: the same.
- When all was asked for and the node says that it told all, what it didn't tell is asked for by name: on some
  brokers that word overtakes what it's about.

Times are those of the caller's clock, in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.cluster.roster import Roster
from service.cluster.signals import Beat, Moved, State

# How long a room isn't asked for again (seconds).
ASK_EVERY: Final = 1.0


@dataclass(slots=True)
class Claim:
    """What a node said last of a room in which users of it are, and when we last knew that it's true."""

    stamp: int
    confirmed: float


@dataclass(slots=True)
class _Parts:
    """The parts of a state that came so far."""

    stamp: int
    count: int
    users: set[str]


class Peer:
    """One other node.

    Attributes:
        heard: when anything was last heard of it.
        claims: the rooms open here in which users of it are.
    """

    __slots__ = ("_asked", "_lap", "_lap_before_began", "_lap_began", "_parts", "claims", "heard", "name")

    def __init__(self, name: str, now: float) -> None:
        self.name = name
        self.heard = now
        self.claims: dict[str, Claim] = {}
        self._asked: dict[str, float] = {}
        self._parts: dict[str, _Parts] = {}
        self._lap = -1
        self._lap_began = self._lap_before_began = now

    def moved(self, room: str, roster: Roster, signal: Moved, now: float) -> bool:
        """Take in a change; False if the state must be asked for."""
        claim = self.claims.get(room)
        at = claim.stamp if claim else 0
        if signal.stamp <= at:
            return True
        if signal.prev != at:
            return False
        roster.move(self.name, signal.joined, signal.left)
        self._claim(room, roster, signal.stamp, now)
        return True

    def state(self, room: str, roster: Roster, signal: State, now: float) -> bool:
        """Take in a state, or a part of one; False if it must be asked for again."""
        claim = self.claims.get(room)
        if claim and (signal.at < claim.stamp or signal.stamp == claim.stamp):
            # It's older than what we know, or the same.
            if signal.stamp == claim.stamp:
                claim.confirmed = now
                self._settled(room)
            return True
        users = self._whole(room, signal)
        if users is None:
            return room in self._parts
        roster.replace(self.name, users)
        self._claim(room, roster, signal.stamp, now)
        self._settled(room)
        return True

    def beat(self, signal: Beat, rooms: Mapping[str, object], now: float) -> list[str]:
        """Compare with what we know of those of `rooms` that it names; list what must be asked for."""
        wrong = []
        for room, stamp in signal.stamps.items():
            claim = self.claims.get(room)
            if claim and claim.stamp == stamp:
                claim.confirmed = now
            elif room in rooms:
                wrong.append(room)
        if signal.lap != self._lap:
            wrong += self.doubtful(self._lap_before_began)
            self._lap = signal.lap
            self._lap_before_began, self._lap_began = self._lap_began, now
        return wrong

    def doubtful(self, since: float) -> list[str]:
        """List the rooms of which we last knew before a time."""
        return [room for room, claim in self.claims.items() if claim.confirmed < since]

    def may_ask(self, room: str, now: float) -> bool:
        """Tell whether it's time to ask for a room's state, and note that it's asked for."""
        if now - self._asked.get(room, -ASK_EVERY) < ASK_EVERY:
            return False
        self._asked[room] = now
        return True

    def forget(self, room: str) -> None:
        """Keep nothing of a room that is no longer open here."""
        self.claims.pop(room, None)
        self._settled(room)

    def _claim(self, room: str, roster: Roster, stamp: int, now: float) -> None:
        if roster.there(self.name):
            self.claims[room] = Claim(stamp, now)
        else:
            self.claims.pop(room, None)

    def _settled(self, room: str) -> None:
        self._asked.pop(room, None)
        self._parts.pop(room, None)

    def _whole(self, room: str, signal: State) -> set[str] | None:
        """Add a part of a state; give the users when it's whole. What doesn't follow is thrown away."""
        if signal.part == 0:
            parts = self._parts[room] = _Parts(signal.stamp, 0, set())
        else:
            found = self._parts.get(room)
            if found is None or (found.stamp, found.count) != (signal.stamp, signal.part):
                self._parts.pop(room, None)
                return None
            parts = found
        parts.count += 1
        parts.users.update(signal.users)
        return parts.users if parts.count == signal.parts else None
