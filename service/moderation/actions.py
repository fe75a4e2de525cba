"""Actions of the operator, and what is in force: plain objects, without a loop or a broker."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

# Bans and closed rooms in force together.
MAX_ACTIVE: Final = 10_000


class ModerationAction(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action. `target` is a user's id, a room, or what was erased; `at` and `until` are ms since 1970.

    Without `until` a ban lasts, and a room stays closed, until it is revoked.
    """

    action: Literal["ban", "unban", "kick", "close", "reopen", "erase"]
    target: str
    at: int
    reason: str
    until: int | None = None

    def has_ended(self, now: int) -> bool:
        """Return whether the time of the action is over."""
        return self.until is not None and self.until <= now


class ModerationState:
    """The bans and the closed rooms in force."""

    __slots__ = ("_bans", "_closed")

    def __init__(self) -> None:
        self._bans: dict[str, ModerationAction] = {}
        self._closed: dict[str, ModerationAction] = {}

    def __len__(self) -> int:
        return len(self._bans) + len(self._closed)

    def apply(self, action: ModerationAction) -> None:
        """Bring an action into force, or revoke an earlier one."""
        match action.action:
            case "ban":
                self._bans[action.target] = action
            case "unban":
                self._bans.pop(action.target, None)
            case "close":
                self._closed[action.target] = action
            case "reopen":
                self._closed.pop(action.target, None)
            case "kick" | "erase":
                pass

    def expire(self, now: int) -> None:
        """Remove what has ended."""
        for actions in (self._bans, self._closed):
            for target in [target for target, action in actions.items() if action.has_ended(now)]:
                del actions[target]

    def ban(self, user: str, now: int) -> ModerationAction | None:
        """Return the ban of a user; None if there is none in force."""
        return _in_force(self._bans.get(user), now)

    def closure(self, room: str, now: int) -> ModerationAction | None:
        """Return the action that has closed a room; None if it is open."""
        return _in_force(self._closed.get(room), now)

    def active(self, now: int) -> list[ModerationAction]:
        """Return all that is in force, oldest first."""
        found = [*self._bans.values(), *self._closed.values()]
        return sorted((action for action in found if not action.has_ended(now)), key=lambda action: action.at)


def _in_force(action: ModerationAction | None, now: int) -> ModerationAction | None:
    return None if action is None or action.has_ended(now) else action
