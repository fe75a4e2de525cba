"""One room of a client: join, recovery, messages and presence."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.backoff import RetryTimer
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.me import Me
from hubbub_client.sans_io.members import KnownMembers, TypingUsers
from hubbub_client.sans_io.message_sender import MessageSender
from hubbub_client.sans_io.page_requests import PageRequests
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply, Request
from hubbub_client.sans_io.timeline import ChainVerdict, Timeline
from hubbub_protocol import commands, events


class RoomState(StrEnum):
    """The states of a room."""

    JOINING = "joining"
    LIVE = "live"
    REFUSED = "refused"
    LEFT = "left"


WANTED = frozenset({RoomState.JOINING, RoomState.LIVE})


class RoomBounds(msgspec.Struct, frozen=True):
    """The limits of a room: own messages (TL6), and lines of its view (None: unlimited)."""

    outbox: int = 200
    hold: int | None = None


class RoomMachine:
    """The state of one room. The methods return effects, in the order of §10."""

    def __init__(
        self, name: str, pending: PendingCommands, random: Callable[[], float], bounds: RoomBounds
    ) -> None:
        self.name = name
        self.state = RoomState.LEFT
        self.timeline = Timeline(bounds.hold)
        self.members = KnownMembers()
        self.typing_users = TypingUsers()
        self._pending = pending
        self._sender = MessageSender(name, self.timeline, pending, random, bound=bounds.outbox)
        self.outbox = self._sender.outbox
        self._pages = PageRequests(name, self.timeline, pending)
        # The id of the join in flight; replies to earlier joins are ignored.
        self.joining: int | None = None
        self._retry = RetryTimer(random)
        # The user of the last welcome, and whether the connection is welcomed now.
        self._me: Me | None = None
        self._welcomed = False

    # The application

    def join(self, since: commands.Since | None, now: int) -> list[Effect]:
        """Join the room. `since` is used only if there is no position yet (CS2)."""
        if self.state in WANTED:
            return []
        self.state = RoomState.JOINING
        if self.timeline.position is None:
            self.timeline.position = since
        return self._enter(now) if self._welcomed else []

    def step(self, given: inputs.InRoom, now: int) -> list[Effect]:
        match given:
            case inputs.LeaveRequested():
                return self._leave(now)
            case inputs.SendRequested() | inputs.ChangeRequested():
                done = self._sender.put(given, now, wanted=self.state in WANTED)
                return done + self._write_next(now)
            case inputs.ResendRequested() | inputs.DiscardRequested():
                return self._failed(given, now)
            case inputs.OlderRequested() | inputs.MembersRequested():
                return self._pages.step(given, now, live=self.state is RoomState.LIVE)
            case inputs.UserTyping():
                return self._typing(now)
            case inputs.RewindRequested():
                return self._rewind(given.to, now)

    def _leave(self, now: int) -> list[Effect]:
        """Leave the room; its state is kept (CS2)."""
        wanted = self.state in WANTED
        self.state = RoomState.LEFT
        self.joining = None
        self._retry.reset()
        if not wanted:
            return []
        done = [*self._clear_typing(), *self._pages.give_up()]
        if self._welcomed:
            _, write = self._pending.issue(lambda id_: commands.Leave(id=id_, room=self.name), now)
            done.append(write)
        return done

    def _failed(
        self, given: inputs.ResendRequested | inputs.DiscardRequested, now: int
    ) -> list[Effect]:  # TL12
        if isinstance(given, inputs.DiscardRequested):
            return [*self._sender.discard(given.key), *self._write_next(now)]
        if self.state in WANTED:
            self.outbox.resend(given.key)
        return self._write_next(now)

    def _typing(self, now: int) -> list[Effect]:
        if self.state is RoomState.LIVE and self.typing_users.may_write(now):
            return [effects.SendCommand(commands.Typing(room=self.name))]
        return []

    def _rewind(self, to: commands.Since, now: int) -> list[Effect]:  # TL16
        if self.state not in WANTED:
            return []
        self.timeline.rewind(to)
        self.outbox.unsee(to)
        self._retry.cancel()
        # A join in flight has a later position: its reply is ignored.
        self.state = RoomState.JOINING
        return self._enter(now) if self._welcomed else []

    # The connection

    def on_welcome(self, welcome: events.Welcome, now: int) -> list[Effect]:
        """Note that the connection was welcomed, and join if the room is wanted (CS2)."""
        self._me, self._welcomed = Me(welcome.user, welcome.user_id), True
        self._sender.most_characters = welcome.limits.text
        return self._enter(now) if self.state is RoomState.JOINING else []

    def _enter(self, now: int) -> list[Effect]:
        since = self.timeline.since
        self.joining, write = self._pending.issue(
            lambda id_: commands.Join(id=id_, room=self.name, since=since), now
        )
        return [write]

    def on_lost(self) -> list[Effect]:
        """Return to joining, because the connection was lost."""
        self._welcomed, self.joining = False, None
        self._retry.cancel()
        self._sender.on_lost()
        self.timeline.reset_holes()
        if self.state is RoomState.LIVE:
            self.state = RoomState.JOINING
        return [*self._clear_typing(), *self._pages.give_up()]

    def tick(self, now: int) -> list[Effect]:
        done = self._typing_after(lambda: self.typing_users.expire(now))
        if self._retry.is_due(now):
            done += self._enter(now)
        return done + self._write_next(now)

    @property
    def deadline(self) -> int | None:
        live = self.state is RoomState.LIVE
        dues = (self.typing_users.deadline, self._retry.due, self._sender.deadline(live=live))
        return min((due for due in dues if due is not None), default=None)

    # Events

    def on_event(self, event: events.Event, now: int) -> list[Effect]:
        """Handle an event of this room. A joining room ignores it: the reply includes it (TL2, TL5, PS1)."""
        if self.state is not RoomState.LIVE:
            return []
        match event:
            case events.Message() | events.Change():
                return self._entry(event, now)
            case events.Reset():
                return self._reset(event, now)
            case events.Presence():
                return self._presence(event)
            case events.TypingNow():
                return self._typing_after(lambda: self.typing_users.typed(event.user, now))
            case _:
                return []

    def _entry(self, entry: events.Entry, now: int) -> list[Effect]:
        verdict = self.timeline.accept(entry)
        if verdict is ChainVerdict.HOLE:
            return self._rejoin(now)
        if verdict is ChainVerdict.DUPLICATE:
            return []
        done = self._show(entry)
        if isinstance(entry, events.Message):
            done += self._typing_after(lambda: self.typing_users.stopped(entry.user))
        return done + self._write_next(now)

    def _rejoin(self, now: int) -> list[Effect]:
        self.state = RoomState.JOINING
        return self._enter(now)

    def _show(self, entry: events.Entry) -> list[Effect]:
        """Report an accepted entry, which is shown instead of the own one with its key (TL8)."""
        if self.timeline.position is not None:
            own = self._me is not None and self._me.wrote(entry)
            self._sender.seen(entry, self.timeline.position, own=own)
        if isinstance(entry, events.Message):
            return [effects.MessageReceived(self.name, entry)]
        return [effects.MessageChanged(self.name, entry, self.timeline.shown(entry.target))]

    def _unsee(self) -> None:
        """Own messages without a receipt may be lost in a gap: they are shown as waiting again (TL8)."""
        for key, offset in self.outbox.unsee():
            self.timeline.drop(key, offset)

    def _reset(self, reset: events.Reset, now: int) -> list[Effect]:
        self._unsee()
        gap = self.timeline.reset(reset.epoch, reset.offset)
        self.outbox.moved(commands.Since(epoch=reset.epoch, offset=reset.offset))
        found: list[Effect] = [effects.GapDetected(self.name)] if gap else []
        return [*found, *self._write_next(now)]

    def _presence(self, presence: events.Presence) -> list[Effect]:
        before = self.members.members.count
        changed = self.members.change(presence)
        lists = changed.joined, changed.left, changed.away or (), changed.back or ()
        done: list[Effect] = []
        if any(lists) or changed.count != before:
            done.append(effects.PresenceChanged(self.name, changed.count, *map(tuple, lists)))
        return done + self._typing_after(lambda: self.typing_users.stopped(*presence.left))

    # Replies

    def on_reply(self, request: Request, reply: Reply, now: int) -> list[Effect]:
        match request:
            case commands.Join(id=asked) if asked == self.joining:
                return self._join_answered(reply, now)
            case (
                commands.Send() | commands.Edit() | commands.Delete() | commands.React() | commands.Unreact()
            ):
                return self._sender.on_reply(request, reply, now) + self._write_next(now)
            case commands.History() | commands.Who():
                return self._pages.on_reply(request, reply)
            case _:
                return []

    def _join_answered(self, reply: Reply, now: int) -> list[Effect]:
        self.joining = None
        if isinstance(reply, events.Joined):
            self._retry.reset()
            return self._joined(reply, now)
        if isinstance(reply, events.Error) and not reply.retry:
            return self._refused(reply)
        self._retry.schedule(now, reply.retry_after if isinstance(reply, events.Error) else None)
        return []

    def _refused(self, error: events.Error) -> list[Effect]:  # CS11
        self.state = RoomState.REFUSED
        self._retry.reset()
        refused = effects.JoinRefused(self.name, error.code, error.message)
        failed = self._sender.refuse_all(error)
        return [refused, *failed, *self._clear_typing(), *self._pages.give_up()]

    def _joined(self, joined: events.Joined, now: int) -> list[Effect]:
        """Go live and accept the messages; join again if they have a hole (TL4)."""
        self.state = RoomState.LIVE
        self.members.replace(joined.members)
        if not joined.recovered:
            self._unsee()
        gap = not joined.recovered and self.timeline.start_over(joined)
        position = self.timeline.position or commands.Since(epoch=joined.epoch, offset=joined.head)
        done: list[Effect] = [effects.RoomJoined(self.name, joined.recovered, position)]
        done += [effects.GapDetected(self.name)] if gap else []
        shown, hole = self._follow(joined)
        done += shown
        authors = [one.user for one in joined.messages if isinstance(one, events.Message)]
        done += self._typing_after(lambda: self.typing_users.stopped(*authors))
        if not joined.recovered and self.timeline.position is not None:
            self.outbox.moved(self.timeline.position)
            done += self._pages.give_up_older()
        return done + (self._rejoin(now) if hole else self._write_next(now))

    def _follow(self, joined: events.Joined) -> tuple[list[Effect], bool]:
        done: list[Effect] = []
        for entry, verdict in self.timeline.replay(joined):
            if verdict is ChainVerdict.HOLE:
                return done, True
            if verdict is ChainVerdict.ACCEPTED:
                done += self._show(entry)
        return done, False

    def _write_next(self, now: int) -> list[Effect]:
        return self._sender.write(now, live=self.state is RoomState.LIVE)

    def _clear_typing(self) -> list[Effect]:
        return self._typing_after(self.typing_users.clear)

    def _typing_after(self, change: Callable[[], object]) -> list[Effect]:
        """Apply a change; report who is typing if that changed (PS2)."""
        before = self.typing_users.names
        change()
        names = self.typing_users.names
        return [] if names == before else [effects.TypingChanged(self.name, names)]
