"""All rooms of a client, in the order in which they were first named, and the lists of rooms."""

from collections.abc import Callable, Iterable

from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.away import AwayReport
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.listings import PendingListings
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply, Request
from hubbub_client.sans_io.read_marks import ReadMarks
from hubbub_client.sans_io.room_machine import RoomBounds, RoomMachine, RoomState
from hubbub_client.sans_io.searches import Asked, AskingCommand, PendingSearches
from hubbub_protocol import commands, events

_RoomEvent = events.Message | events.Change | events.Reset | events.Presence | events.TypingNow


class RoomMachines:
    """Routes each input, event and reply to its room. A room is kept once it was joined."""

    def __init__(self, pending: PendingCommands, random: Callable[[], float], bounds: RoomBounds) -> None:
        self._pending = pending
        self._searches = PendingSearches(pending)
        self._listings = PendingListings(pending)
        self._away = AwayReport(pending)
        self.marks = ReadMarks(pending)
        self._random = random
        self._bounds = bounds
        self._rooms: dict[str, RoomMachine] = {}
        # Set while the connection is welcomed.
        self._welcome: events.Welcome | None = None

    def get(self, name: str) -> RoomMachine | None:
        return self._rooms.get(name)

    @property
    def deadline(self) -> int | None:
        return min((due for room in self._rooms.values() if (due := room.deadline) is not None), default=None)

    def step(self, given: inputs.RoomInput | inputs.ClientInput, now: int) -> list[Effect]:
        if isinstance(given, inputs.AwayChanged):
            return self._away.set(now, away=given.away)
        if isinstance(given, inputs.ListInput):
            return self._listings.step(given, now, online=self._welcome is not None)
        return self._in_room(given, now)

    def _in_room(self, given: inputs.RoomInput, now: int) -> list[Effect]:
        if isinstance(given, inputs.JoinRequested):
            return self._join(given, now)
        room = self._rooms.get(given.room)
        if isinstance(given, Asked):
            is_live = room is not None and room.state is RoomState.LIVE
            position = room.timeline.position if room is not None and is_live else None
            return self._searches.step(given, now, position)
        if isinstance(given, inputs.ReadRequested):
            return self._read(given, now)
        return _not_joined(given) if room is None else room.step(given, now)

    def _join(self, given: inputs.JoinRequested, now: int) -> list[Effect]:
        room = self._rooms.get(given.room)
        done: list[Effect] = []
        if room is None:
            room = self._rooms[given.room] = RoomMachine(
                given.room, self._pending, self._random, self._bounds
            )
            done = room.on_welcome(self._welcome, now) if self._welcome is not None else []
        return done + room.join(given.since, now)

    def _read(self, given: inputs.ReadRequested, now: int) -> list[Effect]:
        room = self._rooms.get(given.room)
        position = None if room is None else room.timeline.position
        if room is None or position is None:
            return []
        to = commands.Since(epoch=position.epoch, offset=given.offset)
        return self.marks.want(given.room, to, now, live=room.state is RoomState.LIVE)

    def on_welcome(self, welcome: events.Welcome, now: int) -> list[Effect]:
        self._welcome = welcome
        away = self._away.on_welcome(welcome, now)  # before the joins (PS4)
        return away + _each(room.on_welcome(welcome, now) for room in self._rooms.values())

    def on_lost(self) -> list[Effect]:
        self._welcome = None
        self.marks.on_lost()
        self._away.on_lost()
        rooms = _each(room.on_lost() for room in self._rooms.values())
        return rooms + self._searches.give_up() + self._listings.give_up()

    def tick(self, now: int) -> list[Effect]:
        return _each(room.tick(now) for room in self._rooms.values())

    def on_event(self, event: events.Event, now: int) -> list[Effect]:
        if isinstance(event, events.MarkMoved):
            return self.marks.on_moved(event)
        if not isinstance(event, _RoomEvent):
            return []
        room = self._rooms.get(event.room)
        return room.on_event(event, now) if room is not None else []

    def on_reply(self, request: Request, reply: Reply, now: int) -> list[Effect]:
        if isinstance(request, commands.Hello | commands.Refresh | commands.Away):
            return []
        if isinstance(request, AskingCommand) and self._searches.has(request):
            return self._searches.on_reply(request, reply)
        if isinstance(request, commands.Directory | commands.ListOwnRooms):
            return self._listings.on_reply(request, reply)
        if isinstance(request, commands.Read):
            return self.marks.on_reply(request, reply, now)
        room = self._rooms.get(request.room)
        done = room.on_reply(request, reply, now) if room is not None else []
        if isinstance(reply, events.Joined):
            done += self.marks.on_joined(reply.room, reply.mark, now)
        return done


def _not_joined(given: inputs.InRoom) -> list[Effect]:
    """Return the effects for a room that was never joined."""
    match given:
        case inputs.SendRequested() | inputs.ChangeRequested():
            return [effects.MessageFailed(given.room, given.key, "not_joined", "")]
        case inputs.OlderRequested():
            return [effects.HistoryLoaded(given.room, (), more=True)]
        case inputs.MembersRequested():
            return [effects.MembersLoaded(given.room, None)]
        case _:
            return []


def _each(parts: Iterable[list[Effect]]) -> list[Effect]:
    return [effect for part in parts for effect in part]
