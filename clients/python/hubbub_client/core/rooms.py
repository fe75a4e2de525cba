"""All rooms of a client, in the order in which they were first named."""

from collections.abc import Callable, Iterable

from hubbub_client.core import effects, inputs
from hubbub_client.core.effects import Effect
from hubbub_client.core.questions import Answer, Question, Questions
from hubbub_client.core.room import Bounds, Room
from hubbub_protocol import commands, events


class Rooms:
    """Hands each input, event and answer to its room. A room is kept once it was joined."""

    def __init__(self, questions: Questions, random: Callable[[], float], bounds: Bounds) -> None:
        self._questions = questions
        self._random = random
        self._bounds = bounds
        self._rooms: dict[str, Room] = {}
        # Set while the connection is welcomed.
        self._welcome: events.Welcome | None = None

    def get(self, name: str) -> Room | None:
        return self._rooms.get(name)

    @property
    def deadline(self) -> int | None:
        return min((due for room in self._rooms.values() if (due := room.deadline) is not None), default=None)

    def step(self, given: inputs.RoomInput, now: int) -> list[Effect]:
        if isinstance(given, inputs.Join):
            return self._join(given, now)
        room = self._rooms.get(given.room)
        return _nowhere(given) if room is None else room.step(given, now)

    def _join(self, given: inputs.Join, now: int) -> list[Effect]:
        room = self._rooms.get(given.room)
        done: list[Effect] = []
        if room is None:
            room = self._rooms[given.room] = Room(given.room, self._questions, self._random, self._bounds)
            done = room.welcomed(self._welcome, now) if self._welcome is not None else []
        return done + room.join(given.since, now)

    def welcomed(self, welcome: events.Welcome, now: int) -> list[Effect]:
        self._welcome = welcome
        return _each(room.welcomed(welcome, now) for room in self._rooms.values())

    def lost(self) -> list[Effect]:
        self._welcome = None
        return _each(room.lost() for room in self._rooms.values())

    def tick(self, now: int) -> list[Effect]:
        return _each(room.tick(now) for room in self._rooms.values())

    def heard(self, event: events.Event, now: int) -> list[Effect]:
        if not isinstance(event, events.Message | events.Reset | events.Presence | events.TypingNow):
            return []
        room = self._rooms.get(event.room)
        return room.heard(event, now) if room is not None else []

    def answered(self, question: Question, answer: Answer, now: int) -> list[Effect]:
        if isinstance(question, commands.Hello | commands.Refresh):
            return []
        room = self._rooms.get(question.room)
        return room.answered(question, answer, now) if room is not None else []


def _nowhere(given: inputs.InRoom) -> list[Effect]:
    """Answer for a room that was never joined."""
    match given:
        case inputs.Send():
            return [effects.Failed(given.room, given.key, "not_joined", "")]
        case inputs.Older():
            return [effects.Older(given.room, (), more=True)]
        case inputs.Who():
            return [effects.Names(given.room, None)]
        case _:
            return []


def _each(parts: Iterable[list[Effect]]) -> list[Effect]:
    return [effect for part in parts for effect in part]
