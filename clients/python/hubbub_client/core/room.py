"""One room of a client: joining it, staying in it, and what is said and shown there."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hubbub_client.core import effects, inputs
from hubbub_client.core.backoff import Patience
from hubbub_client.core.effects import Effect
from hubbub_client.core.pages import Pages
from hubbub_client.core.presence import Crowd, Typists
from hubbub_client.core.questions import Answer, Question, Questions
from hubbub_client.core.sender import Sender
from hubbub_client.core.timeline import Timeline, Verdict
from hubbub_protocol import commands, events


class State(StrEnum):
    """What a room can be."""

    JOINING = "joining"
    LIVE = "live"
    REFUSED = "refused"
    LEFT = "left"


WANTED = frozenset({State.JOINING, State.LIVE})


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a room may hold: own messages (TL6), and lines for its view (None: all of them)."""

    outbox: int = 200
    hold: int | None = None


class Room:
    """Everything the client knows of one room. The methods give the effects, in the order of §10."""

    def __init__(self, name: str, questions: Questions, random: Callable[[], float], bounds: Bounds) -> None:
        self.name = name
        self.state = State.LEFT
        self.timeline = Timeline(bounds.hold)
        self.crowd = Crowd()
        self.typists = Typists()
        self._questions = questions
        self._sender = Sender(name, self.timeline, questions, random, bound=bounds.outbox)
        self.outbox = self._sender.outbox
        self._pages = Pages(name, self.timeline, questions)
        # The id of the join in flight: the answer to an earlier one comes too late to count.
        self.joining: int | None = None
        self._patience = Patience(random)
        # Whom the server welcomed; None while it has not.
        self._user: str | None = None

    # The application

    def join(self, since: commands.Since | None, now: int) -> list[Effect]:
        """Want to be in this room. `since` counts only if there's no position yet (CS2)."""
        if self.state in WANTED:
            return []
        self.state = State.JOINING
        if self.timeline.position is None:
            self.timeline.position = since
        return [] if self._user is None else self._enter(now)

    def step(self, given: inputs.InRoom, now: int) -> list[Effect]:
        match given:
            case inputs.Leave():
                return self._leave(now)
            case inputs.Send():
                done = self._sender.put(given.key, given.text, wanted=self.state in WANTED)
                return done + self._write_next(now)
            case inputs.Resend() | inputs.Discard():
                return self._failed(given, now)
            case inputs.Older() | inputs.Who():
                return self._pages.step(given, now, live=self.state is State.LIVE)
            case inputs.Typing():
                return self._typing(now)
            case inputs.Rewind():
                return self._rewind(given.to, now)

    def _leave(self, now: int) -> list[Effect]:
        """Be in it no longer; what is held stays (CS2)."""
        wanted = self.state in WANTED
        self.state = State.LEFT
        self.joining = None
        self._patience.succeeded()
        if not wanted:
            return []
        done = [*self._clear_typing(), *self._pages.give_up()]
        if self._user is not None:
            _, ask = self._questions.ask(lambda id_: commands.Leave(id=id_, room=self.name), now)
            done.append(ask)
        return done

    def _failed(self, given: inputs.Resend | inputs.Discard, now: int) -> list[Effect]:  # TL12
        if isinstance(given, inputs.Discard):
            self.outbox.discard(given.key)
        elif self.state in WANTED:
            self.outbox.resend(given.key)
        return self._write_next(now)

    def _typing(self, now: int) -> list[Effect]:
        if self.state is State.LIVE and self.typists.may_write(now):
            return [effects.Write(commands.Typing(room=self.name))]
        return []

    def _rewind(self, to: commands.Since, now: int) -> list[Effect]:  # TL16
        if self.state not in WANTED:
            return []
        self.timeline.rewind(to)
        self._patience.forget()
        # A join under way was asked from further on: its answer comes too late to count.
        self.state = State.JOINING
        return [] if self._user is None else self._enter(now)

    # The connection

    def welcomed(self, welcome: events.Welcome, now: int) -> list[Effect]:
        """Be on a connection that was welcomed, and join if that's wanted (CS2)."""
        self._user = welcome.user
        self._sender.most_characters = welcome.limits.text
        return self._enter(now) if self.state is State.JOINING else []

    def _enter(self, now: int) -> list[Effect]:
        since = self.timeline.since
        self.joining, ask = self._questions.ask(
            lambda id_: commands.Join(id=id_, room=self.name, since=since), now
        )
        return [ask]

    def lost(self) -> list[Effect]:
        """Go back to joining, for the connection is gone."""
        self._user = self.joining = None
        self._patience.forget()
        self._sender.lost()
        self.timeline.forgive_holes()
        if self.state is State.LIVE:
            self.state = State.JOINING
        return [*self._clear_typing(), *self._pages.give_up()]

    def tick(self, now: int) -> list[Effect]:
        done = self._typing_after(lambda: self.typists.expire(now))
        if self._patience.over(now):
            done += self._enter(now)
        return done + self._write_next(now)

    @property
    def deadline(self) -> int | None:
        live = self.state is State.LIVE
        dues = (self.typists.deadline, self._patience.due, self._sender.deadline(live=live))
        return min((due for due in dues if due is not None), default=None)

    # What the server says unasked

    def heard(self, event: events.Event, now: int) -> list[Effect]:
        """Take in an event of this room. While it's joining, the answer will hold it all (TL2, TL5, PS1)."""
        if self.state is not State.LIVE:
            return []
        match event:
            case events.Message():
                return self._message(event, now)
            case events.Reset():
                return self._reset(event, now)
            case events.Presence():
                return self._presence(event)
            case events.TypingNow():
                return self._typing_after(lambda: self.typists.typed(event.user, now))
            case _:
                return []

    def _message(self, message: events.Message, now: int) -> list[Effect]:
        verdict = self.timeline.take(message)
        if verdict is Verdict.HOLE:
            return self._rejoin(now)
        if verdict is Verdict.REPEAT:
            return []
        done = self._show(message)
        done += self._typing_after(lambda: self.typists.stopped(message.user))
        return done + self._write_next(now)

    def _rejoin(self, now: int) -> list[Effect]:
        self.state = State.JOINING
        return self._enter(now)

    def _show(self, message: events.Message) -> list[Effect]:
        """Tell a message that was taken, and settle the own one that it is (TL8)."""
        done: list[Effect] = [effects.Said(self.name, message)]
        if self.timeline.position is not None:
            done += self._sender.seen(message, self.timeline.position, self._user)
        return done

    def _reset(self, reset: events.Reset, now: int) -> list[Effect]:
        self.timeline.reset(reset.epoch, reset.offset)
        self.outbox.moved(commands.Since(epoch=reset.epoch, offset=reset.offset))
        return [effects.Gap(self.name), *self._write_next(now)]

    def _presence(self, presence: events.Presence) -> list[Effect]:
        self.crowd.change(presence)
        joined, left = tuple(presence.joined), tuple(presence.left)
        done: list[Effect] = [effects.Presence(self.name, presence.count, joined, left)]
        return done + self._typing_after(lambda: self.typists.stopped(*left))

    # What it answers

    def answered(self, question: Question, answer: Answer, now: int) -> list[Effect]:
        match question:
            case commands.Join(id=asked) if asked == self.joining:
                return self._join_answered(answer, now)
            case commands.Send():
                return self._sender.answered(question, answer, now) + self._write_next(now)
            case commands.History() | commands.Who():
                return self._pages.answered(question, answer)
            case _:
                return []

    def _join_answered(self, answer: Answer, now: int) -> list[Effect]:
        self.joining = None
        if isinstance(answer, events.Joined):
            self._patience.succeeded()
            return self._joined(answer, now)
        if isinstance(answer, events.Error) and not answer.retry:
            return self._refused(answer)
        self._patience.refused(now, answer.retry_after if isinstance(answer, events.Error) else None)
        return []

    def _refused(self, error: events.Error) -> list[Effect]:  # CS11
        self.state = State.REFUSED
        self._patience.succeeded()
        refused = effects.Refused(self.name, error.code, error.message)
        failed = self._sender.refuse_all(error)
        return [refused, *failed, *self._clear_typing(), *self._pages.give_up()]

    def _joined(self, joined: events.Joined, now: int) -> list[Effect]:
        """Go live, take the messages, and fill the hole if there's one among them (TL4)."""
        self.state = State.LIVE
        self.crowd.replace(joined.members)
        gap = not joined.recovered and self.timeline.begin(joined)
        position = self.timeline.position or commands.Since(epoch=joined.epoch, offset=joined.head)
        done: list[Effect] = [effects.Joined(self.name, joined.recovered, position)]
        done += [effects.Gap(self.name)] if gap else []
        shown, hole = self._follow(joined)
        done += shown
        done += self._typing_after(lambda: self.typists.stopped(*(one.user for one in joined.messages)))
        if not joined.recovered and self.timeline.position is not None:
            self.outbox.moved(self.timeline.position)
            done += self._pages.give_up_older()
        return done + (self._rejoin(now) if hole else self._write_next(now))

    def _follow(self, joined: events.Joined) -> tuple[list[Effect], bool]:
        done: list[Effect] = []
        for message, verdict in self.timeline.follow(joined):
            if verdict is Verdict.HOLE:
                return done, True
            if verdict is Verdict.TAKEN:
                done += self._show(message)
        return done, False

    def _write_next(self, now: int) -> list[Effect]:
        return self._sender.write(now, live=self.state is State.LIVE)

    def _clear_typing(self) -> list[Effect]:
        return self._typing_after(self.typists.clear)

    def _typing_after(self, change: Callable[[], object]) -> list[Effect]:
        """Tell who is typing, if the change made it others (PS2)."""
        before = self.typists.names
        change()
        names = self.typists.names
        return [] if names == before else [effects.Typing(self.name, names)]
