"""The operator's actions on all nodes: entries of a control room."""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import time
from typing import Final

import msgspec

from brokers.base import Broker, Entry
from service.moderation.actions import MAX_ACTIVE, Kind, ModerationAction, ModerationState, Subject
from service.runtime.control_room import ControlRoom
from service.runtime.tasks import Tasks

ROOM: Final = "moderation"
# Older kicks are history: the user may have returned since (ms).
_RECENT: Final = 10_000

_log: Final = logging.getLogger(__name__)
_decoder: Final = msgspec.json.Decoder(ModerationAction)
_encoder: Final = msgspec.json.Encoder()


class TooManyActions(Exception):
    """As many actions are in force as there may be."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most} bans, closed rooms and topics are in force, which is the limit: revoke some"
        )


class Moderation:
    """What is in force on this node, and the way to change it on all nodes.

    Args:
        broker: what stores the actions.
        remove: closes the connections of a target of a kind, for a reason.
        most: bans, closed rooms and topics that may be in force together.
    """

    __slots__ = ("_most", "_remove", "_room", "_state")

    def __init__(
        self, broker: Broker, remove: Callable[[Kind, str, str], None], *, most: int = MAX_ACTIVE
    ) -> None:
        self._room = ControlRoom(ROOM, broker, self._apply)
        self._most = most
        self._remove = remove
        self._state = ModerationState()

    def __len__(self) -> int:
        return len(self._state)

    @property
    def has_bans(self) -> bool:
        """Whether any client may be banned."""
        return bool(self._state.bans)

    def ban(self, subject: Subject) -> ModerationAction | None:
        """Return a ban of a client; None if there is none in force."""
        return self._state.ban(subject, _now())

    def closure(self, room: str) -> ModerationAction | None:
        """Return the action that has closed a room to new messages; None if it is open."""
        # Each message asks, and most rooms are open: the clock is not read then.
        return self._state.closure(room, _now()) if room in self._state.closed else None

    def topic(self, room: str) -> str | None:
        """Return the topic of a room; None if it has none."""
        action = self._state.topics.get(room)
        return None if action is None else action.text

    def active(self) -> list[ModerationAction]:
        """Return all that is in force, oldest first."""
        return self._state.active(_now())

    async def act(self, action: ModerationAction) -> None:
        """Store an action, and bring it into force here at once, on the other nodes within two seconds.

        Raises:
            TooManyActions: there are as many in force as there may be.
            BrokerError: it is not stored, or not known to be.
        """
        self._state.expire(_now())
        adds = action.action in {"ban", "close"} or (action.action == "topic" and action.text)
        if adds and len(self._state) >= self._most:
            raise TooManyActions(self._most)
        await self._room.publish(_encoder.encode(action))
        _log.warning("moderation", extra=msgspec.structs.asdict(action))
        await self.read()

    async def read(self) -> None:
        """Read and apply the actions that were stored since the last call. Raises `BrokerError`."""
        await self._room.read()
        self._state.expire(_now())

    def follow(self, tasks: Tasks, interval: float) -> None:
        """Read again after each interval (seconds), until `close`."""
        self._room.follow(tasks, interval)

    def close(self) -> None:
        """Stop to read."""
        self._room.close()

    def _apply(self, entry: Entry) -> None:
        try:
            action = _decoder.decode(entry.payload)
        except msgspec.DecodeError:
            # An action of a newer version.
            _log.warning("moderation_unknown")
            return
        self._state.apply(action)
        is_recent = action.at > _now() - _RECENT
        if action.action == "ban" and not action.has_ended(_now()):
            self._remove(action.kind, action.target, "banned by the operator")
        elif action.action == "kick" and is_recent:
            self._remove(action.kind, action.target, "removed by the operator")


def _now() -> int:
    return int(time() * 1000)
