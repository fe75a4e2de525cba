"""One room on this node: its feed, its log, its members, and who is in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic, time
from typing import Final

from brokers.base import Broker, Entry, Position
from hubbub_protocol import encode, events
from service.cluster.cluster import Cluster
from service.cluster.roster import Changes, Roster
from service.rooms.broadcast import Broadcast
from service.rooms.catch_up import CatchUp, tell_reset
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

TYPING_EVERY: Final = 3.0


class Room:
    """One room on this node. `holds` counts members and operations under way: at 0 it may be given up."""

    __slots__ = (
        "_gather_seconds", "_interval", "_loop", "_max_age", "_missed", "_names_limit", "_tell_handle",
        "_telling", "_told_at", "_typing", "clock", "early", "fanout", "feed", "holds", "linger", "lock",
        "log", "name", "opened", "reader", "topic",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        broker: Broker,
        tasks: Tasks,
        *,
        metrics: Metrics,
        settings: Settings,
        tuning: Tuning = DEFAULTS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.name = name
        self.log = RoomLog(
            encode_name(name),
            # What the broker no longer keeps isn't served from here either.
            max_entries=min(settings.log_entries, settings.history_entries),
            max_bytes=min(settings.log_bytes, settings.history_bytes),
        )
        self.reader = CatchUp(name, self.log, broker, tasks, metrics)
        self.fanout = Fanout(self.log, metrics, recover=self.reader.recover, caught_up=self._tell_missed)
        self._telling = Broadcast(self.fanout, clock)
        self.feed = Feed(
            name,
            broker,
            tasks,
            metrics,
            backoff=lambda: Backoff(tuning.repair_first_wait, tuning.repair_longest_wait),
            take=self.fanout.append,
            restart=self.restart,
        )
        self.topic = cluster.open(name, self._gather)
        self.holds = 0
        self.opened = False
        # Entries delivered before `subscribe` told the head.
        self.early: list[Entry] = []
        self.lock = asyncio.Lock()
        self.linger: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._names_limit = settings.presence_names
        self._max_age = settings.kept_seconds
        self._missed: dict[Member, Changes] = {}
        self._tell_handle: asyncio.TimerHandle | None = None
        self.clock = clock
        # Joins and leaves are gathered, and broadcasts have a least distance: a room that fills costs each
        # of its members one write a second, and not one for each user who joins.
        self._gather_seconds, self._interval = tuning.presence_gather, tuning.presence_interval
        self._told_at = float("-inf")
        self._typing: dict[str, float] = {}

    # Membership -----------------------------------------------------------------------------------

    def enter(self, outlet: Outlet, codec: Codec, user: str) -> Member:
        """Make a connection a member; `fanout.add` lets it in when it was given its start."""
        self.holds += 1
        self.stop_lingering()
        self.topic.arrive(user)
        return Member(outlet, codec, user, self.fanout)

    def leave(self, member: Member) -> None:
        """Let a member go."""
        self.holds -= 1
        self.fanout.remove(member)
        self._missed.pop(member, None)
        self.topic.depart(member.user)

    def members(self) -> events.Members:
        """Show how many users are here, and the first names, to one who is told of changes from now on."""
        self.roster.changes.show()
        names, more = self.roster.page("", self._names_limit)
        return events.Members(count=len(self.roster), names=names, more=more)

    @property
    def roster(self) -> Roster:
        """Tell who is here, on all nodes."""
        return self.topic.roster

    def take_changes(self) -> Changes:
        """Take away who came and who went since this was last called."""
        roster = self.topic.roster
        changes, roster.changes = roster.changes, Changes()
        return changes

    def expire(self) -> None:
        """Forget what the broker no longer keeps for its age: it isn't served from here either."""
        if self._max_age:
            self.log.forget(lambda entry: sent_at(entry.payload) < (time() - self._max_age) * 1000)

    # Signals --------------------------------------------------------------------------------------

    def may_type(self, user: str) -> bool:
        """Tell whether it's time to say again that a user is typing (PR4), and note it."""
        now = self.clock()
        # The longest ago stands first; only those who may not say it yet are kept.
        while self._typing and now - next(iter(self._typing.values())) >= TYPING_EVERY:
            del self._typing[next(iter(self._typing))]
        if user in self._typing:
            return False
        self._typing[user] = now
        return True

    def show_typing(self, user: str) -> None:
        """Tell the members that a user is typing, unless they are told something else (PR4)."""
        if not self._telling.wait:
            frame = text_frame(encode(events.TypingNow(room=self.name, user=user)))
            self._telling.begin(frame, but=user)

    def restart(self, position: Position) -> None:
        """Go on at a position after a gap that can't be filled; the members are told (RM6)."""
        epoch, head = self.feed.head
        self.fanout.restart(*position, head if epoch == position.epoch else 0)
        # Members that are behind are told by their catch-up, at the place where they are.
        for member in self.fanout.live():
            tell_reset(member, self.name, position)

    def stop_lingering(self) -> None:
        """Stay, since somebody came back."""
        if self.linger is not None:
            self.linger.cancel()
            self.linger = None

    def close(self) -> None:
        """Stop all timers."""
        self.fanout.close()
        self._telling.close()
        self.stop_lingering()
        if self._tell_handle is not None:
            self._tell_handle.cancel()

    def _gather(self) -> None:
        if self._tell_handle is None:
            wait = max(self._gather_seconds, self._told_at + self._interval - self.clock())
            self._tell_handle = self._loop.call_later(wait, self._tell_presence)

    def _tell_presence(self) -> None:
        self._tell_handle = None
        if wait := self._telling.wait:
            self._tell_handle = self._loop.call_later(wait, self._tell_presence)
            return
        changes = self.take_changes()
        if changes:
            self._told_at = self.clock()
            self._telling.begin(self._presence_frame(changes), missed=partial(self._keep_for, changes))

    def _keep_for(self, changes: Changes, member: Member) -> None:
        missed = self._missed.setdefault(member, Changes())
        # Names that aren't told aren't kept either.
        if self._tells_names:
            missed.add(changes)

    def _tell_missed(self, member: Member) -> None:
        """Tell a member that was behind what it missed of the presence, if only how many there are now."""
        changes = self._missed.pop(member, None)
        if changes is not None:
            member.outlet.write(self._presence_frame(changes))

    @property
    def _tells_names(self) -> bool:
        return len(self.roster) <= self._names_limit

    def _presence_frame(self, changes: Changes) -> bytes:
        joined, left = (list(changes.joined), list(changes.left)) if self._tells_names else ([], [])
        event = events.Presence(room=self.name, count=len(self.roster), joined=joined, left=left)
        return text_frame(encode(event))
