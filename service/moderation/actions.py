"""Actions of the operator, and what is in force: plain objects, without a loop or a broker."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

# Bans, closed rooms and topics in force together.
MAX_ACTIVE: Final = 10_000

Action: TypeAlias = Literal["ban", "unban", "kick", "close", "reopen", "topic"]
Kind: TypeAlias = Literal["user", "address", "token", "room"]


class Subject(NamedTuple):
    """What a ban can name of a client: the id of the user, the address, and the id of the token (`jti`)."""

    user: str | None
    address: str
    token: str | None = None

    def has(self, kind: Kind, target: str) -> bool:
        """Return whether a target of a kind is this client."""
        match kind:
            case "user":
                return self.user == target
            case "address":
                return self.address == target
            case "token":
                return self.token == target
            case "room":
                return False


class ModerationAction(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action on a target. `at` and `until` are ms since 1970.

    `kind`: what the target is: a user's id, an address in the form in which it is limited, the id of a token,
    or a room. What was erased is described in words. Without `until` a ban lasts, and a room stays closed,
    until it is revoked. `text` is the topic of a room; an empty one removes it.
    """

    action: Action | Literal["erase"]
    target: str
    at: int
    reason: str
    until: int | None = None
    kind: Kind = "user"
    text: str | None = None

    def has_ended(self, now: int) -> bool:
        """Return whether the time of the action is over."""
        return self.until is not None and self.until <= now


class ModerationState:
    """The bans, the closed rooms and the topics in force.

    Attributes:
        bans: the bans, by kind and target; the time of some may be over.
        closed: the rooms that were closed to new messages, by name; the time of some may be over.
        topics: the actions that set the topics of rooms, by name.
    """

    __slots__ = ("bans", "closed", "topics")

    def __init__(self) -> None:
        self.bans: dict[tuple[Kind, str], ModerationAction] = {}
        self.closed: dict[str, ModerationAction] = {}
        self.topics: dict[str, ModerationAction] = {}

    def __len__(self) -> int:
        return len(self.bans) + len(self.closed) + len(self.topics)

    def apply(self, action: ModerationAction) -> None:
        """Bring an action into force, or revoke an earlier one."""
        match action.action:
            case "ban":
                self.bans[action.kind, action.target] = action
            case "unban":
                self.bans.pop((action.kind, action.target), None)
            case "close":
                self.closed[action.target] = action
            case "reopen":
                self.closed.pop(action.target, None)
            case "topic":
                self.topics.pop(action.target, None)
                if action.text:
                    self.topics[action.target] = action
            case "kick" | "erase":
                pass

    def expire(self, now: int) -> None:
        """Remove what has ended."""
        self.bans = {key: action for key, action in self.bans.items() if not action.has_ended(now)}
        self.closed = {key: action for key, action in self.closed.items() if not action.has_ended(now)}

    def ban(self, subject: Subject, now: int) -> ModerationAction | None:
        """Return a ban of a client: of its user, its address or its token; None if there is none in force."""
        named: tuple[tuple[Kind, str | None], ...] = (
            ("user", subject.user), ("address", subject.address), ("token", subject.token),
        )  # fmt: skip
        bans = (self.bans.get((kind, target)) for kind, target in named if target is not None)
        return next((ban for ban in bans if _in_force(ban, now)), None)

    def closure(self, room: str, now: int) -> ModerationAction | None:
        """Return the action that has closed a room; None if it is open."""
        return _in_force(self.closed.get(room), now)

    def active(self, now: int) -> list[ModerationAction]:
        """Return all that is in force, oldest first."""
        found = [*self.bans.values(), *self.closed.values(), *self.topics.values()]
        return sorted((action for action in found if not action.has_ended(now)), key=lambda action: action.at)


def _in_force(action: ModerationAction | None, now: int) -> ModerationAction | None:
    return None if action is None or action.has_ended(now) else action
