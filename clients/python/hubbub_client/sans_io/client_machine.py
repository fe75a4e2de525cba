"""The client's connection: opening, greeting, losing it and coming back (CS1-CS12). It owns the rooms."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hubbub_client.sans_io import effects, inputs, status
from hubbub_client.sans_io.backoff import backoff
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.handshake import GiveUp, Handshake, HelloAgain, Reconnect
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_client.sans_io.room_machine import RoomBounds
from hubbub_client.sans_io.room_machines import RoomMachines
from hubbub_client.sans_io.socket_state import SocketState
from hubbub_client.sans_io.token_cache import TokenCache
from hubbub_protocol import Close, Code, commands, events, is_final

OPENING = 10_000  # CS5: a socket is open and welcomed by then
SILENCE = 10_000  # CS5: on top of the server's own ping
STABLE = 10_000  # BO2


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """What a client starts with. `session` proves the name from an earlier life."""

    name: str | None = None
    session: str | None = None
    client: str | None = None
    token: bool = False
    bounds: RoomBounds = field(default_factory=RoomBounds)


class ClientMachine:
    """Told what happened, and when, it says what to do. It has no clock, socket or chance of its own."""

    def __init__(self, options: MachineOptions, random: Callable[[], float]) -> None:
        self.status: status.Status = status.Idle()
        self._random = random
        self._pending = PendingCommands()
        self._tokens = TokenCache(random, hook=options.token)
        self.rooms = RoomMachines(self._pending, random, options.bounds)
        self._handshake = Handshake(options.name, options.session, options.client)
        self._socket = SocketState.NONE
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
        return self._handshake.name

    @property
    def session(self) -> str | None:
        return self._handshake.session

    @property
    def deadline(self) -> int | None:
        """When to step with `Tick`, at the latest."""
        if isinstance(self.status, status.Waiting):
            return self.status.until
        if self._socket is SocketState.NONE:
            return None
        if self._socket is not SocketState.WELCOMED:
            return self._opening_ends
        retry = self._tokens.retry
        dues = (self._silence_ends, self._moves, self._pending.deadline, retry.due, self.rooms.deadline)
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
        self._socket = SocketState.OPENING
        self._opening_ends = now + OPENING
        return [effects.Open(booked=self._booked is not None and now >= self._booked)]

    # The token hook

    def _token_answered(self, given: inputs.Token | inputs.NoToken, now: int) -> list[Effect]:
        if isinstance(given, inputs.NoToken):
            return self._no_token(now, final=given.final) if self._tokens.failed() else []
        if not self._tokens.hold(given.token):
            return []
        if self._socket is SocketState.WELCOMED:
            _, write = self._pending.issue(lambda id_: commands.Refresh(id=id_, token=given.token), now)
            return [write]
        return self._open(now) if self._awaits_token else []

    @property
    def _awaits_token(self) -> bool:
        return isinstance(self.status, status.Connecting) and self._socket is SocketState.NONE

    def _no_token(self, now: int, *, final: bool) -> list[Effect]:
        if isinstance(self.status, status.Closed | status.Idle):
            return []
        if final:
            return self._stop("no_token", now)
        if self._awaits_token:
            return self._wait("no_token", now)
        if self._socket is SocketState.WELCOMED:
            self._tokens.retry.refused(now)
        return []

    # The socket

    def _socket_changed(self, given: inputs.Opened | inputs.Lost, now: int) -> list[Effect]:
        if isinstance(given, inputs.Lost):
            return self._lose(given.code, now) if self._socket is not SocketState.NONE else []
        if self._socket is not SocketState.OPENING:
            return []
        self._socket = SocketState.HANDSHAKE
        return self._hello(now)

    def _hello(self, now: int) -> list[Effect]:
        _, write = self._pending.issue(lambda id_: self._handshake.hello(id_, self._tokens.held), now)
        return [write]

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
        had_one = self._socket is not SocketState.NONE
        self._online_since = None
        self._socket = SocketState.NONE
        self._moves = self._booked = None
        self._pending.forget()
        self._tokens.retry.forget()
        done = self.rooms.on_lost()
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
        if self._socket is not SocketState.WELCOMED or self._missed_heartbeat(now):
            return self._lose(Close.SERVER_SILENT, now, shut=Close.SERVER_SILENT)
        if self._moves is not None and now >= self._moves:  # CS9
            return [*self._drop(now, Close.GOING_AWAY), *self._connect(now)]
        done = self.rooms.tick(now)
        if self._tokens.retry.over(now) and self._tokens.ask():
            done.append(effects.AskToken())
        return done

    def _missed_heartbeat(self, now: int) -> bool:  # CS5
        unanswered = self._pending.deadline
        return now >= self._silence_ends or (unanswered is not None and now >= unanswered)

    # The server

    def _frame(self, event: events.Event | None, now: int) -> list[Effect]:
        if self._socket is SocketState.HANDSHAKE:
            return self._on_handshake_event(event, now)
        if self._socket is not SocketState.WELCOMED:
            return []
        self._silence_ends = now + self._ping + SILENCE
        if event is None:
            return []
        return self._replied(event, now) if isinstance(event, Reply) else self._on_event(event, now)

    def _on_event(self, event: events.Event, now: int) -> list[Effect]:
        match event:
            case events.Drain():
                self._moves = now + event.delay  # CS9
                return []
            case events.Expiring():  # CS8
                self._tokens.drop()
                return [effects.AskToken()] if self._tokens.ask() else []
            case _:
                return self.rooms.on_event(event, now)

    def _rejected_by_drain(self, event: events.Drain, now: int) -> list[Effect]:  # CS9
        done, until = self._drop(now, Close.GOING_AWAY), now + event.delay
        self._booked = until if event.booked else None
        return [*done, *self._change(status.Waiting(until, int(Close.GOING_AWAY)))]

    def _on_handshake_event(self, event: events.Event | None, now: int) -> list[Effect]:
        """Take the reply to hello, or `drain`; whatever else comes ahead of it is not for us yet."""
        if isinstance(event, events.Drain):
            return self._rejected_by_drain(event, now)
        if not isinstance(event, Reply):
            return []
        request = self._pending.resolve(event)
        if not isinstance(request, commands.Hello):
            return []
        if isinstance(event, events.Welcome):
            return self._on_welcomed(event, now)
        return self._on_hello_error(event, now) if isinstance(event, events.Error) else []

    def _on_welcomed(self, welcome: events.Welcome, now: int) -> list[Effect]:  # CS2
        self._handshake.on_welcome(welcome)
        self._socket = SocketState.WELCOMED
        self._online_since = now
        self._ping = welcome.ping
        self._silence_ends = now + self._ping + SILENCE
        return [*self._change(status.Online(welcome.user)), *self.rooms.on_welcome(welcome, now)]

    def _on_hello_error(self, error: events.Error, now: int) -> list[Effect]:
        match self._handshake.refused(error):
            case HelloAgain():
                return self._hello(now)
            case GiveUp(code, suggestion):
                return self._stop(code, now, suggestion)
            case Reconnect(code, retry_after):
                return self._lose(code, now, shut=Close.NORMAL, retry_after=retry_after)

    def _replied(self, reply: Reply, now: int) -> list[Effect]:
        request = self._pending.resolve(reply)
        if request is None:
            return []
        if isinstance(request, commands.Refresh):
            return self._refresh_answered(reply, now)
        return self.rooms.on_reply(request, reply, now)

    def _refresh_answered(self, reply: Reply, now: int) -> list[Effect]:
        if not isinstance(reply, events.Error):
            return []
        if reply.code == Code.TOKEN_EXPIRED:
            return self._lose(int(Close.TOKEN_EXPIRED), now, shut=Close.NORMAL)
        if reply.retry:
            self._tokens.drop()
            self._tokens.retry.refused(now, reply.retry_after)
            return []
        return self._stop(reply.code, now)
