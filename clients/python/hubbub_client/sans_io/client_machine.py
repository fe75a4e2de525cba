"""The connection of a client: open, handshake, loss and reconnect (CS1-CS12). It owns the rooms."""

from collections.abc import Callable

from hubbub_client.sans_io import effects, inputs, status
from hubbub_client.sans_io.backoff import FLOOD_WAIT, backoff
from hubbub_client.sans_io.effects import Effect
from hubbub_client.sans_io.handshake import ClientHandshake, GiveUp, HelloAgain, Reconnect
from hubbub_client.sans_io.options import MachineOptions
from hubbub_client.sans_io.pending_commands import PendingCommands, Reply
from hubbub_client.sans_io.room_machines import RoomMachines
from hubbub_client.sans_io.socket_state import SocketState
from hubbub_client.sans_io.token_cache import TokenCache
from hubbub_protocol import Close, Code, commands, events, is_final

OPENING = 10_000  # CS5: the socket is open and welcomed within this time
HEARTBEAT_MARGIN = 10_000  # CS5: added to the server's ping interval
STABLE = 10_000  # BO2


class ClientMachine:
    """Turns inputs into effects. It has no clock, no socket and no random numbers of its own."""

    def __init__(self, options: MachineOptions, random: Callable[[], float]) -> None:
        self.status: status.Status = status.Idle()
        self._random = random
        self._pending = PendingCommands()
        self._tokens = TokenCache(random, hook=options.token)
        self.rooms = RoomMachines(self._pending, random, options.bounds)
        self._handshake = ClientHandshake(options)
        self._socket = SocketState.NONE
        self._network = True
        self._losses = 0  # n of BO1
        self._handshake_due = self._heartbeat_due = 0
        self._ping = 0
        self._online_since: int | None = None
        # When to reconnect after `drain`; from when on the reservation is valid.
        self._reconnect_at: int | None = None
        self._reserved_from: int | None = None

    def step(self, given: inputs.Input, now: int) -> list[Effect]:
        """Process one input at a monotonic time; return the effects in order."""
        match given:
            case inputs.FrameReceived():
                return self._frame(given.event, now)
            case inputs.DeadlineReached():
                return self._tick(now)
            case inputs.SocketOpened() | inputs.SocketLost():
                return self._socket_changed(given, now)
            case inputs.TokenReceived() | inputs.TokenUnavailable():
                return self._token_answered(given, now)
            case _ if isinstance(given, inputs.Application):
                return self._asked(given, now)
            case _:
                return self.rooms.step(given, now)

    @property
    def user(self) -> str | None:
        return self._handshake.name

    @property
    def user_id(self) -> str | None:
        return self._handshake.user_id

    @property
    def session(self) -> str | None:
        return self._handshake.session

    @property
    def deadline(self) -> int | None:
        """The latest time of the next `DeadlineReached`."""
        if isinstance(self.status, status.Waiting):
            return self.status.until
        if self._socket is SocketState.NONE:
            return None
        if self._socket is not SocketState.WELCOMED:
            return self._handshake_due
        retry = self._tokens.retry
        dues = (
            self._heartbeat_due,
            self._reconnect_at,
            self._pending.deadline,
            retry.due,
            self.rooms.deadline,
        )
        return min(due for due in dues if due is not None)

    # The application and the network

    def _asked(self, given: inputs.Application, now: int) -> list[Effect]:
        match given, self.status:
            case inputs.ConnectRequested(), status.Idle() | status.Closed():
                self._losses = 0
                return self._connect(now) if self._network else self._change(status.Offline())
            case inputs.RetryRequested(), status.Waiting():
                return self._connect(now)
            case inputs.CloseRequested(), current if not isinstance(current, status.Closed):
                return self._stop(int(Close.NORMAL), now)
            case ((inputs.NetworkLost() | inputs.NetworkRestored()), _):
                return self._network_changed(now, there=isinstance(given, inputs.NetworkRestored))
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
        return [*done, effects.RequestToken()] if self._tokens.ask() else done

    def _open(self, now: int) -> list[Effect]:
        self._socket = SocketState.OPENING
        self._handshake_due = now + OPENING
        return [effects.OpenSocket(booked=self._reserved_from is not None and now >= self._reserved_from)]

    # The token hook

    def _token_answered(
        self, given: inputs.TokenReceived | inputs.TokenUnavailable, now: int
    ) -> list[Effect]:
        if isinstance(given, inputs.TokenUnavailable):
            return self._no_token(now, final=given.final) if self._tokens.failed() else []
        if not self._tokens.store(given.token):
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
            self._tokens.retry.schedule(now)
        return []

    # The socket

    def _socket_changed(self, given: inputs.SocketOpened | inputs.SocketLost, now: int) -> list[Effect]:
        if isinstance(given, inputs.SocketLost):
            return self._lose(given.code, now) if self._socket is not SocketState.NONE else []
        if self._socket is not SocketState.OPENING:
            return []
        self._socket = SocketState.HANDSHAKE
        return self._hello(now)

    def _hello(self, now: int) -> list[Effect]:
        _, write = self._pending.issue(lambda id_: self._handshake.hello(id_, self._tokens.token), now)
        return [write]

    def _lose(
        self, code: int | str, now: int, *, shut: int | None = None, retry_after: int | None = None
    ) -> list[Effect]:
        """Wait and reconnect, or close if the close code is final (CL1)."""
        if code == Close.TOKEN_EXPIRED:
            self._tokens.drop()
        done = self._drop(now, shut)
        if isinstance(code, int) and is_final(code):
            return [*done, *self._change(status.Closed(code))]
        return [*done, *self._wait(code, now, FLOOD_WAIT if code == Close.FLOODING else retry_after)]

    def _wait(self, code: int | str, now: int, retry_after: int | None = None) -> list[Effect]:
        until = now + backoff(self._losses, self._random(), retry_after)
        self._losses += 1  # BO2
        return self._change(status.Waiting(until, code))

    def _drop(self, now: int, shut: int | None) -> list[Effect]:
        """Forget the socket and all state of the connection."""
        if self._online_since is not None and now - self._online_since >= STABLE:
            self._losses = 0  # BO2
        had_one = self._socket is not SocketState.NONE
        self._online_since = None
        self._socket = SocketState.NONE
        self._reconnect_at = self._reserved_from = None
        self._pending.forget()
        self._tokens.retry.cancel()
        done = self.rooms.on_lost()
        return [*done, effects.ShutSocket(shut)] if had_one and shut is not None else done

    def _stop(self, code: int | str, now: int, suggestion: str | None = None) -> list[Effect]:
        return [*self._drop(now, Close.NORMAL), *self._change(status.Closed(code, suggestion))]

    def _change(self, to: status.Status) -> list[Effect]:
        self.status = to
        return [effects.StatusChanged(to)]

    # Time

    def _tick(self, now: int) -> list[Effect]:
        due = self.deadline
        if due is None or now < due:
            return []
        if isinstance(self.status, status.Waiting):
            return self._connect(now)
        if self._socket is not SocketState.WELCOMED or self._missed_heartbeat(now):
            return self._lose(Close.SERVER_SILENT, now, shut=Close.SERVER_SILENT)
        if self._reconnect_at is not None and now >= self._reconnect_at:  # CS9
            return [*self._drop(now, Close.GOING_AWAY), *self._connect(now)]
        done = self.rooms.tick(now)
        if self._tokens.retry.is_due(now) and self._tokens.ask():
            done.append(effects.RequestToken())
        return done

    def _missed_heartbeat(self, now: int) -> bool:  # CS5
        unanswered = self._pending.deadline
        return now >= self._heartbeat_due or (unanswered is not None and now >= unanswered)

    # The server

    def _frame(self, event: events.Event | None, now: int) -> list[Effect]:
        if self._socket is SocketState.HANDSHAKE:
            return self._on_handshake_event(event, now)
        if self._socket is not SocketState.WELCOMED:
            return []
        self._heartbeat_due = now + self._ping + HEARTBEAT_MARGIN
        if event is None:
            return []
        return self._replied(event, now) if isinstance(event, Reply) else self._on_event(event, now)

    def _on_event(self, event: events.Event, now: int) -> list[Effect]:
        match event:
            case events.Drain():
                self._reconnect_at = now + event.delay  # CS9
                return []
            case events.Expiring():  # CS8
                self._tokens.drop()
                return [effects.RequestToken()] if self._tokens.ask() else []
            case _:
                return self.rooms.on_event(event, now)

    def _rejected_by_drain(self, event: events.Drain, now: int) -> list[Effect]:  # CS9
        done, until = self._drop(now, Close.GOING_AWAY), now + event.delay
        self._reserved_from = until if event.booked else None
        return [*done, *self._change(status.Waiting(until, int(Close.GOING_AWAY)))]

    def _on_handshake_event(self, event: events.Event | None, now: int) -> list[Effect]:
        """Handle the reply to hello, or `drain`; ignore other events before it."""
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
        self._heartbeat_due = now + self._ping + HEARTBEAT_MARGIN
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
            self._tokens.retry.schedule(now, reply.retry_after)
            return []
        return self._stop(reply.code, now)
