"""The client's connection: opening, greeting, losing it and coming back (CS1-CS12). It owns the rooms."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hubbub_client.core import effects, inputs, status
from hubbub_client.core.backoff import backoff
from hubbub_client.core.effects import Effect
from hubbub_client.core.greeting import Greeting, SayAgain, Stop, TryLater
from hubbub_client.core.questions import Answer, Questions
from hubbub_client.core.room import Bounds
from hubbub_client.core.rooms import Rooms
from hubbub_client.core.stage import Socket
from hubbub_client.core.tokens import Tokens
from hubbub_protocol import Close, Code, commands, events, is_final

OPENING = 10_000  # CS5: a socket is open and welcomed by then
SILENCE = 10_000  # CS5: on top of the server's own ping
STABLE = 10_000  # BO2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a client starts with. `session` proves the name from an earlier life."""

    name: str | None = None
    session: str | None = None
    client: str | None = None
    token: bool = False
    bounds: Bounds = field(default_factory=Bounds)


class Client:
    """Told what happened, and when, it says what to do. It has no clock, socket or chance of its own."""

    def __init__(self, options: Options, random: Callable[[], float]) -> None:
        self.status: status.Status = status.Idle()
        self._random = random
        self._questions = Questions()
        self._tokens = Tokens(random, hook=options.token)
        self.rooms = Rooms(self._questions, random, options.bounds)
        self._greeting = Greeting(options.name, options.session, options.client)
        self._socket = Socket.NONE
        self._network = True
        self._losses = 0  # n of BO1
        self._opening_ends = self._silence_ends = 0
        self._ping = 0
        self._online_since: int | None = None
        # When to go to another node, if this one told so; from when on there is room, if there was none.
        self._moves: int | None = None
        self._booked: int | None = None

    def step(self, given: inputs.Input, now: int) -> list[Effect]:
        """Take one input at a time that never goes back; give what is to be done, in order."""
        match given:
            case inputs.Frame():
                return self._frame(given.event, now)
            case inputs.Tick():
                return self._tick(now)
            case inputs.Opened() | inputs.Lost():
                return self._socket_changed(given, now)
            case inputs.Token() | inputs.NoToken():
                return self._token_answered(given, now)
            case _ if isinstance(given, inputs.Application):
                return self._asked(given, now)
            case _:
                return self.rooms.step(given, now)

    @property
    def user(self) -> str | None:
        return self._greeting.name

    @property
    def session(self) -> str | None:
        return self._greeting.session

    @property
    def deadline(self) -> int | None:
        """When to step with `Tick`, at the latest."""
        if isinstance(self.status, status.Waiting):
            return self.status.until
        if self._socket is Socket.NONE:
            return None
        if self._socket is not Socket.WELCOMED:
            return self._opening_ends
        patience = self._tokens.patience
        dues = (self._silence_ends, self._moves, self._questions.deadline, patience.due, self.rooms.deadline)
        return min(due for due in dues if due is not None)

    # The application and the network

    def _asked(self, given: inputs.Application, now: int) -> list[Effect]:
        match given, self.status:
            case inputs.Connect(), status.Idle() | status.Closed():
                self._losses = 0
                return self._connect(now) if self._network else self._change(status.Offline())
            case inputs.Retry(), status.Waiting():
                return self._connect(now)
            case inputs.Close(), current if not isinstance(current, status.Closed):
                return self._stop(int(Close.NORMAL), now)
            case ((inputs.Offline() | inputs.Online()), _):
                return self._network_changed(now, there=isinstance(given, inputs.Online))
            case _:
                return []

    def _network_changed(self, now: int, *, there: bool) -> list[Effect]:  # CS4
        self._network = there
        match self.status:
            case status.Offline() if there:
                return self._connect(now)
            case status.Connecting() | status.Online() | status.Waiting() if not there:
                return [*self._drop(now, Close.GOING_AWAY), *self._change(status.Offline())]
            case _:
                return []

    def _connect(self, now: int) -> list[Effect]:
        done = self._change(status.Connecting(self._losses))
        if not self._tokens.missing:
            return [*done, *self._open(now)]
        return [*done, effects.AskToken()] if self._tokens.ask() else done

    def _open(self, now: int) -> list[Effect]:
        self._socket = Socket.OPENING
        self._opening_ends = now + OPENING
        return [effects.Open(booked=self._booked is not None and now >= self._booked)]

    # The token hook

    def _token_answered(self, given: inputs.Token | inputs.NoToken, now: int) -> list[Effect]:
        if isinstance(given, inputs.NoToken):
            return self._no_token(now, final=given.final) if self._tokens.failed() else []
        if not self._tokens.hold(given.token):
            return []
        if self._socket is Socket.WELCOMED:
            _, ask = self._questions.ask(lambda id_: commands.Refresh(id=id_, token=given.token), now)
            return [ask]
        return self._open(now) if self._awaits_token else []

    @property
    def _awaits_token(self) -> bool:
        return isinstance(self.status, status.Connecting) and self._socket is Socket.NONE

    def _no_token(self, now: int, *, final: bool) -> list[Effect]:
        if isinstance(self.status, status.Closed | status.Idle):
            return []
        if final:
            return self._stop("no_token", now)
        if self._awaits_token:
            return self._wait("no_token", now)
        if self._socket is Socket.WELCOMED:
            self._tokens.patience.refused(now)
        return []

    # The socket

    def _socket_changed(self, given: inputs.Opened | inputs.Lost, now: int) -> list[Effect]:
        if isinstance(given, inputs.Lost):
            return self._lose(given.code, now) if self._socket is not Socket.NONE else []
        if self._socket is not Socket.OPENING:
            return []
        self._socket = Socket.GREETING
        return self._hello(now)

    def _hello(self, now: int) -> list[Effect]:
        _, ask = self._questions.ask(lambda id_: self._greeting.hello(id_, self._tokens.held), now)
        return [ask]

    def _lose(
        self, code: int | str, now: int, *, shut: int | None = None, retry_after: int | None = None
    ) -> list[Effect]:
        """Wait for the next socket, or stop if the code says that it would end the same way (CL1)."""
        if code == Close.TOKEN_EXPIRED:
            self._tokens.drop()
        done = self._drop(now, shut)
        if isinstance(code, int) and is_final(code):
            return [*done, *self._change(status.Closed(code))]
        return [*done, *self._wait(code, now, retry_after)]

    def _wait(self, code: int | str, now: int, retry_after: int | None = None) -> list[Effect]:
        until = now + backoff(self._losses, self._random(), retry_after)
        self._losses += 1  # BO2
        return self._change(status.Waiting(until, code))

    def _drop(self, now: int, shut: int | None) -> list[Effect]:
        """Forget the socket and all that hung on it."""
        if self._online_since is not None and now - self._online_since >= STABLE:
            self._losses = 0  # BO2
        had_one = self._socket is not Socket.NONE
        self._online_since = None
        self._socket = Socket.NONE
        self._moves = self._booked = None
        self._questions.forget()
        self._tokens.patience.forget()
        done = self.rooms.lost()
        return [*done, effects.Shut(shut)] if had_one and shut is not None else done

    def _stop(self, code: int | str, now: int, suggestion: str | None = None) -> list[Effect]:
        return [*self._drop(now, Close.NORMAL), *self._change(status.Closed(code, suggestion))]

    def _change(self, to: status.Status) -> list[Effect]:
        self.status = to
        return [effects.Changed(to)]

    # Time

    def _tick(self, now: int) -> list[Effect]:
        due = self.deadline
        if due is None or now < due:
            return []
        if isinstance(self.status, status.Waiting):
            return self._connect(now)
        if self._socket is not Socket.WELCOMED or self._went_silent(now):
            return self._lose(Close.SERVER_SILENT, now, shut=Close.SERVER_SILENT)
        if self._moves is not None and now >= self._moves:  # CS9
            return [*self._drop(now, Close.GOING_AWAY), *self._connect(now)]
        done = self.rooms.tick(now)
        if self._tokens.patience.over(now) and self._tokens.ask():
            done.append(effects.AskToken())
        return done

    def _went_silent(self, now: int) -> bool:  # CS5
        unanswered = self._questions.deadline
        return now >= self._silence_ends or (unanswered is not None and now >= unanswered)

    # The server

    def _frame(self, event: events.Event | None, now: int) -> list[Effect]:
        if self._socket is Socket.GREETING:
            return self._greeted(event, now)
        if self._socket is not Socket.WELCOMED:
            return []
        self._silence_ends = now + self._ping + SILENCE
        if event is None:
            return []
        return self._answered(event, now) if isinstance(event, Answer) else self._heard(event, now)

    def _heard(self, event: events.Event, now: int) -> list[Effect]:
        match event:
            case events.Drain():
                self._moves = now + event.delay  # CS9
                return []
            case events.Expiring():  # CS8
                self._tokens.drop()
                return [effects.AskToken()] if self._tokens.ask() else []
            case _:
                return self.rooms.heard(event, now)

    def _turned_away(self, event: events.Drain, now: int) -> list[Effect]:  # CS9
        done, until = self._drop(now, Close.GOING_AWAY), now + event.delay
        self._booked = until if event.booked else None
        return [*done, *self._change(status.Waiting(until, int(Close.GOING_AWAY)))]

    def _greeted(self, event: events.Event | None, now: int) -> list[Effect]:
        """Take the answer to hello, or `drain`; whatever else comes ahead of it is not for us yet."""
        if isinstance(event, events.Drain):
            return self._turned_away(event, now)
        if not isinstance(event, Answer):
            return []
        question = self._questions.answered(event)
        if not isinstance(question, commands.Hello):
            return []
        if isinstance(event, events.Welcome):
            return self._welcomed(event, now)
        return self._not_welcomed(event, now) if isinstance(event, events.Error) else []

    def _welcomed(self, welcome: events.Welcome, now: int) -> list[Effect]:  # CS2
        self._greeting.welcomed(welcome)
        self._socket = Socket.WELCOMED
        self._online_since = now
        self._ping = welcome.ping
        self._silence_ends = now + self._ping + SILENCE
        return [*self._change(status.Online(welcome.user)), *self.rooms.welcomed(welcome, now)]

    def _not_welcomed(self, error: events.Error, now: int) -> list[Effect]:
        match self._greeting.refused(error):
            case SayAgain():
                return self._hello(now)
            case Stop(code, suggestion):
                return self._stop(code, now, suggestion)
            case TryLater(code, retry_after):
                return self._lose(code, now, shut=Close.NORMAL, retry_after=retry_after)

    def _answered(self, answer: Answer, now: int) -> list[Effect]:
        question = self._questions.answered(answer)
        if question is None:
            return []
        if isinstance(question, commands.Refresh):
            return self._refresh_answered(answer, now)
        return self.rooms.answered(question, answer, now)

    def _refresh_answered(self, answer: Answer, now: int) -> list[Effect]:
        if not isinstance(answer, events.Error):
            return []
        if answer.code == Code.TOKEN_EXPIRED:
            return self._lose(int(Close.TOKEN_EXPIRED), now, shut=Close.NORMAL)
        if answer.retry:
            self._tokens.drop()
            self._tokens.patience.refused(now, answer.retry_after)
            return []
        return self._stop(answer.code, now)
