"""Send one message without asyncio, whose import, with that of the client on it, is most of a whole `send`.

The state machine of the SDK decides, as in the full client. Whatever is not the usual case ends the attempt.
The full client then sends the message with the same session and idempotency key, so it is stored once (SN2),
and reports what is wrong. Nothing here reports a failure.
"""

import random
import time
import unicodedata
from enum import Enum, auto
from typing import Final, TypeVar

from hubbub_cli.blocking_websocket import BlockingWebSocket, Unusual
from hubbub_cli.credentials import Credentials
from hubbub_cli.outgoing import OutgoingMessage, SendTarget
from hubbub_cli.output import PROGRAM
from hubbub_cli.settings import CliSettings
from hubbub_client.events import Position, SendReceipt
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.client_machine import ClientMachine
from hubbub_client.sans_io.options import MachineOptions
from hubbub_client.sans_io.room_machine import RoomBounds
from hubbub_client.sans_io.status import Connecting, Online
from hubbub_protocol import UnknownType, decode_event, encode, events
from hubbub_protocol.names import room_fault

E = TypeVar("E", bound=effects.Effect)

# In seconds: a server that does not reply to a close must not delay the user.
_GOODBYE: Final = 0.5


class _Phase(Enum):
    """What an attempt waits for."""

    CONNECTING = auto()
    JOINING = auto()
    SENDING = auto()


class QuickSend:
    """One attempt to send a message. Without a receipt, its state is what the full client needs to know."""

    def __init__(
        self, settings: CliSettings, to: SendTarget, message: OutgoingMessage, who: Credentials
    ) -> None:
        self.room = unicodedata.normalize("NFC", to.room)
        self._phase = _Phase.CONNECTING
        self._began = time.monotonic()
        self._limit = settings.connect_timeout
        self._server = settings.server
        self._to = to
        self._message = message
        self._token = who.token
        self._machine = ClientMachine(
            MachineOptions(
                name=who.name,
                session=who.session,
                client=PROGRAM,
                listener=True,
                token=who.token is not None,
                bounds=RoomBounds(hold=0),
            ),
            random.random,
        )

    @property
    def was_online(self) -> bool:
        return self._phase is not _Phase.CONNECTING

    @property
    def joined(self) -> bool:
        return self._phase is _Phase.SENDING

    @property
    def spent(self) -> float:
        """The seconds since it began to connect, to join or to send."""
        return time.monotonic() - self._began

    def run(self) -> SendReceipt | None:
        """Send the message; return None if the full client has to do that."""
        try:
            self._check()
            with BlockingWebSocket(self._server, self._due) as websocket:
                stored = self._exchange(websocket)
                websocket.close(time.monotonic() + _GOODBYE)
        except Exception:  # noqa: BLE001  the full client meets it too, and reports it
            return None
        at = Position(epoch=stored.epoch, offset=stored.offset)
        return SendReceipt(key=stored.key, position=at, duplicate=stored.duplicate)

    def _check(self) -> None:
        """Leave invalid input to the full client, which reports it once it is connected.

        Raises:
            Unusual, UnicodeEncodeError: the name or the text is invalid.
        """
        if room_fault(self.room):
            raise Unusual
        self._message.text.encode()

    def _exchange(self, websocket: BlockingWebSocket) -> effects.MessageStored:
        message, room, reply_to = self._message, self.room, self._to.reply_to
        self._step(websocket, inputs.ConnectRequested())
        self._ask(websocket, inputs.SocketOpened(), effects.StatusChanged)
        self._begin(_Phase.JOINING)
        at = self._ask(websocket, inputs.JoinRequested(room), effects.RoomJoined).behind
        self._begin(_Phase.SENDING)
        target = None if reply_to is None else Position(epoch=at.epoch, offset=reply_to)
        send = inputs.SendRequested(room, message.key, message.text, target)
        return self._ask(websocket, send, effects.MessageStored)

    def _begin(self, phase: _Phase) -> None:
        self._phase, self._began, self._limit = phase, time.monotonic(), self._to.timeout

    def _ask(self, websocket: BlockingWebSocket, given: inputs.Input, expected: type[E]) -> E:
        """Pass an input to the state machine, then frames, until an effect of this type."""
        done = self._step(websocket, given)
        while (found := next((one for one in done if isinstance(one, expected)), None)) is None:
            done = []
            for frame in websocket.receive(self._due):
                done += self._step(websocket, inputs.FrameReceived(_usual(frame)))
        return found

    @property
    def _due(self) -> float:
        """The end of the phase, or when the state machine would reconnect."""
        due, reconnect = self._began + self._limit, self._machine.deadline
        return due if reconnect is None else min(due, reconnect / 1000)

    def _step(self, websocket: BlockingWebSocket, given: inputs.Input) -> list[effects.Effect]:
        done = self._machine.step(given, int(time.monotonic() * 1000))
        for effect in done:
            match effect:
                case effects.SendCommand(command):
                    websocket.write(encode(command))
                case effects.RequestToken() if self._token is not None:
                    self._step(websocket, inputs.TokenReceived(self._token))
                case effects.StatusChanged(Connecting() | Online()):
                    pass
                case (
                    effects.StatusChanged()
                    | effects.ShutSocket()
                    | effects.JoinRefused()
                    | effects.MessageFailed()
                ):
                    raise Unusual
                case _:
                    pass  # a socket is open, and no user reads this room
        return done


def _usual(frame: bytes) -> events.Event | None:
    """Decode an event; None if its type is unknown (FR3).

    Raises:
        Unusual: an error, or a node that closes.
        ProtocolError: the frame is invalid.
    """
    try:
        event = decode_event(frame)
    except UnknownType:
        return None
    if isinstance(event, events.Error | events.Drain | events.Expiring):
        raise Unusual
    return event
