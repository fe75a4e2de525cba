"""One room on this node: its feed, its log, its members, and its presence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic, time
from typing import Final

from brokers.base import UNWRITTEN, Broker, Entry, Position
from hubbub_protocol import encode, events
from hubbub_protocol.commands import MAX_ID
from service.cluster.cluster import Cluster
from service.cluster.roster import Changes, Roster
from service.cluster.signals import RoomEnd
from service.rooms.authors import Authors
from service.rooms.broadcast import Broadcast
from service.rooms.catch_up import CatchUp, send_reset
from service.rooms.changes import ChangeReader
from service.rooms.fanout import Fanout
from service.rooms.feed import Feed
from service.rooms.log import RoomLog
from service.rooms.member import Member, Outlet
from service.runtime.backoff import Backoff
from service.runtime.metrics import Metrics
from service.runtime.tasks import Tasks
from service.settings import Settings
from service.settings.tuning import DEFAULTS, Tuning
from service.wire.codecs import Codec
from service.wire.frames import text_frame
from service.wire.messages import encode_name, sent_at

TYPING_INTERVAL: Final = 3.0


def _ignore() -> None:
    """Do nothing: the room is closed."""


class Room:
    """One room on this node. `references` counts members and operations; at 0 it may be unsubscribed."""

    __slots__ = (
        "_broadcast", "_last_broadcast", "_loop", "_max_age", "_missed", "_names_limit", "_presence_delay",
        "_presence_interval", "_presence_timer", "_typing", "authors", "begun", "catch_up", "changes",
        "clock", "early_entries", "fanout", "feed", "lock", "log", "name", "opened", "presence", "references",
        "unsubscribe_timer",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        broker: Broker,
        tasks: Tasks,
        read_changes: Callable[[str, RoomLog], ChangeReader],
        *,
        metrics: Metrics,
        settings: Settings,
        tuning: Tuning = DEFAULTS,
    ) -> None:
        self.name = name
        self.log = RoomLog(
            encode_name(name),
            # What the broker has evicted isn't served from here either.
            max_entries=min(settings.log_entries, settings.history_entries),
            max_bytes=min(settings.log_bytes, settings.history_bytes),
        )
        self.changes = read_changes(name, self.log)
        self.authors = Authors(self.log)
        self.catch_up = CatchUp(self.log, broker, tasks, metrics, self.changes)
        self.fanout = Fanout(
            self.log, metrics, recover=self.catch_up.recover, caught_up=self._send_missed_presence
        )
        self._broadcast = Broadcast(self.fanout, monotonic)
        self.feed = Feed(
            name,
            broker,
            tasks,
            metrics,
            backoff=lambda: Backoff(tuning.repair_first_wait, tuning.repair_longest_wait),
            deliver=self.fanout.append,
            restart=self.restart,
        )
        self.presence = cluster.open(name, self._schedule_presence)
        self.references = 0
        self.opened = False
        # A user has a place in the quota for new rooms, and is about to store the first entry.
        self.begun = False
        # Entries delivered before `subscribe` returned the head.
        self.early_entries: list[Entry] = []
        self.lock = asyncio.Lock()
        self.unsubscribe_timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._names_limit = settings.presence_names
        self._max_age = settings.kept_seconds
        self._missed: dict[Member, Changes] = {}
        self._presence_timer: asyncio.TimerHandle | None = None
        self.clock = monotonic
        # Joins and leaves are gathered, and presence broadcasts have a least interval: while a room fills,
        # each member receives one write a second, and not one for each user who joins.
        self._presence_delay, self._presence_interval = tuning.presence_gather, tuning.presence_interval
        self._last_broadcast = float("-inf")
        self._typing: dict[str, float] = {}

    # Membership -----------------------------------------------------------------------------------

    def enter(
        self, outlet: Outlet, codec: Codec, user: str, *, listed: bool = True, away: bool = False
    ) -> Member:
        """Make a connection a member. `fanout.add` adds it to the fan-out once its start is written.

        A member that is not `listed` is a listener: it has no part in presence (PR5). One that is `away` is
        shown so if the user's others are too (PR6).
        """
        self.references += 1
        self.cancel_unsubscribe()
        if listed:
            self.presence.add(user, away=away)
        return Member(outlet, codec, user, self.fanout, listed=listed, away=away)

    def leave(self, member: Member) -> None:
        """Remove a member."""
        self.references -= 1
        self.fanout.remove(member)
        self._missed.pop(member, None)
        if member.listed:
            self.presence.remove(member.user, away=member.away)

    def turn(self, member: Member, *, away: bool) -> None:
        """Record that a member became away, or is back (PR6)."""
        if member.listed and member.away != away:
            member.away = away
            self.presence.turn(member.user, away=away)

    def members(self) -> events.Members:
        """Return the number of users and the first names, for a client that receives changes from now on."""
        self.roster.changes.mark_snapshot()
        names, more = self.roster.page("", self._names_limit)
        return events.Members(
            count=len(self.roster), names=names, more=more, away=self.roster.away(names) or None
        )

    @property
    def roster(self) -> Roster:
        """The users of the room, on all nodes."""
        return self.presence.roster

    @property
    def end(self) -> RoomEnd | None:
        """The last entry of the room, as this node knows it; None if there is none."""
        if not self.log.end:
            return None
        last = self.log.last(1)
        at = sent_at(last[0].payload) if last else 0
        return RoomEnd(self.log.epoch, self.log.end, at if at <= MAX_ID else 0)

    def take_changes(self) -> Changes:
        """Return the joins and leaves since the last call, and clear them."""
        roster = self.presence.roster
        changes, roster.changes = roster.changes, Changes()
        return changes

    def expire(self) -> None:
        """Evict what the broker has evicted for its age."""
        if self._max_age:
            self.log.evict(lambda entry: sent_at(entry.payload) < (time() - self._max_age) * 1000)

    # Signals --------------------------------------------------------------------------------------

    def may_type(self, user: str) -> bool:
        """Return whether a typing signal of a user may be broadcast again (PR4), and record it."""
        now = self.clock()
        # Oldest first; only users who may not be broadcast yet are kept.
        while self._typing and now - next(iter(self._typing.values())) >= TYPING_INTERVAL:
            del self._typing[next(iter(self._typing))]
        if user in self._typing:
            return False
        self._typing[user] = now
        return True

    def broadcast_typing(self, user: str) -> None:
        """Broadcast that a user is typing, unless another broadcast is under way (PR4)."""
        if not self._broadcast.wait:
            frame = text_frame(encode(events.TypingNow(room=self.name, user=user)))
            self._broadcast.begin(frame, except_user=user)

    def restart(self, position: Position) -> None:
        """Continue at a position after a gap that can't be repaired; members are sent a reset (RM6).

        So they are when the first entry of the room begins its epoch (RM10); then plain members miss nothing.
        """
        begins = self.log.epoch == UNWRITTEN and not position.offset
        epoch, head = self.feed.head
        self.fanout.restart(*position, head if epoch == position.epoch else 0)
        # Members that are catching up receive the reset from their catch-up, at their own position.
        for member in self.fanout.live():
            if member.codec.supports_events or not begins:
                send_reset(member, self.name, position)

    def cancel_unsubscribe(self) -> None:
        """Keep the subscription, because the room has a member again."""
        if self.unsubscribe_timer is not None:
            self.unsubscribe_timer.cancel()
            self.unsubscribe_timer = None

    def close(self) -> None:
        """Stop all timers, and break all reference cycles.

        Otherwise only the garbage collector frees a room. It stops the node, for longer the more rooms were
        opened and left.
        """
        self.fanout.close()
        self.feed.close()
        self._broadcast.close()
        self.cancel_unsubscribe()
        self.presence.changed = _ignore
        if self._presence_timer is not None:
            self._presence_timer.cancel()
            self._presence_timer = None

    def _schedule_presence(self) -> None:
        if self._presence_timer is None:
            wait = max(self._presence_delay, self._last_broadcast + self._presence_interval - self.clock())
            self._presence_timer = self._loop.call_later(wait, self._broadcast_presence)

    def _broadcast_presence(self) -> None:
        self._presence_timer = None
        if wait := self._broadcast.wait:
            self._presence_timer = self._loop.call_later(wait, self._broadcast_presence)
            return
        changes = self.take_changes()
        # In a large room it is not sent who is away, and that is no change of the count.
        if changes if self._includes_names else changes.joined or changes.left:
            self._last_broadcast = self.clock()
            self._broadcast.begin(self._presence_frame(changes), missed=partial(self._record_missed, changes))

    def _record_missed(self, changes: Changes, member: Member) -> None:
        missed = self._missed.setdefault(member, Changes())
        # Names that aren't broadcast aren't kept for slow consumers either.
        if self._includes_names:
            missed.add(changes)

    def _send_missed_presence(self, member: Member) -> None:
        """Send a member that was catching up the presence it missed, or only the current count."""
        changes = self._missed.pop(member, None)
        if changes is not None:
            member.outlet.write(self._presence_frame(changes))

    @property
    def _includes_names(self) -> bool:
        return len(self.roster) <= self._names_limit

    def _presence_frame(self, changes: Changes) -> bytes:
        if not self._includes_names:
            changes = Changes()
        event = events.Presence(
            room=self.name,
            count=len(self.roster),
            joined=list(changes.joined),
            left=list(changes.left),
            away=list(changes.away) or None,
            back=[user for user in changes.back if user not in changes.left] or None,
        )
        return text_frame(encode(event))
