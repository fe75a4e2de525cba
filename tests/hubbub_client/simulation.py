"""The state machine of a client against a model server, over a link that may lose or reorder frames.

A `reset` is never lost or reordered, as on a real websocket. Messages carry no epoch, so a client could not
detect a lost `reset` while the connection is open.
"""

from collections import deque
from collections.abc import Callable

from hubbub_client.sans_io import effects, inputs, status
from hubbub_client.sans_io.client_machine import ClientMachine
from hubbub_client.sans_io.options import MachineOptions
from hubbub_client.sans_io.room_machine import RoomMachine, RoomState
from hubbub_protocol import commands, events
from hubbub_protocol.commands import Since
from tests.hubbub_client.server_model import ROOM, Log, Server

ANN, BOB = "ann", "bob"


class Simulation:
    """One client, its link, and the log of the room."""

    def __init__(self, random: Callable[[], float]) -> None:
        self.log = Log()
        self.client = ClientMachine(MachineOptions(name=ANN), random)
        self.now = 0
        self.server: Server | None = None
        self.up: deque[commands.Command] = deque()
        self.reported: list[effects.RoomEffect] = []
        # The reported messages: the position of each, and the offset of the one before it.
        self.chain: list[tuple[Since, int] | None] = []
        self.reasons = self.gaps = 0
        self.said = 0
        # Own messages: the key by the id of the command, when each was first sent, and which have a receipt.
        self.keys: dict[int, str] = {}
        self.first_sent: dict[str, int] = {}
        self.receipts: set[str] = set()
        self.step(inputs.JoinRequested(ROOM))
        self.step(inputs.ConnectRequested())
        # Start with a live room: most actions need one.
        for deliver in (self.deliver_command, self.deliver_event) * 2:
            deliver()

    @property
    def room(self) -> RoomMachine:
        room = self.client.rooms.get(ROOM)
        assert room is not None
        return room

    # The client

    def step(self, given: inputs.Input) -> None:
        for effect in self.client.step(given, self.now):
            match effect:
                case effects.OpenSocket():
                    self.server = Server(self.log, ANN)
                    self.step(inputs.SocketOpened())
                case effects.SendCommand(command):
                    self.up.append(command)
                    if isinstance(command, commands.Send) and command.key is not None:
                        self.keys[command.id] = command.key
                        self.first_sent.setdefault(command.key, self.now)
                case effects.ShutSocket():
                    self._cut()
                case (
                    effects.StatusChanged()
                    | effects.RequestToken()
                    | effects.DirectoryLoaded()
                    | effects.OwnRoomsLoaded()
                ):
                    pass
                case _:
                    self._report(effect)

    def _report(self, effect: effects.RoomEffect) -> None:
        self.reported.append(effect)
        if isinstance(effect, effects.GapDetected):
            self.gaps += 1
            self.chain.append(None)
        if isinstance(effect, effects.MessageReceived):
            position = self.room.timeline.position
            assert position is not None
            at = Since(epoch=position.epoch, offset=effect.message.offset)
            self.chain.append((at, effect.message.prev))

    # Actions

    def say(self) -> None:
        self.said += 1
        self.step(inputs.SendRequested(ROOM, f"k{self.said}", f"own {self.said}"))

    def other_says(self, step: int = 1) -> None:
        message, _ = self.log.publish(BOB, f"b{self.log.epoch}-{self.log.head}", "hers", step)
        if message is not None and self.server is not None:
            self.server.fan_out(message)

    def deliver_command(self) -> None:
        if self.server is not None and self.up:
            self.server.receive(self.up.popleft())

    def deliver_event(self) -> None:
        if self.server is None or not self.server.out:
            return
        event = self.server.out.popleft()
        self.reasons += self._is_reason_for_a_gap(event)
        if isinstance(event, events.Sent) and event.id is not None:
            self.receipts.add(self.keys[event.id])
        self.step(inputs.FrameReceived(event))

    def _is_reason_for_a_gap(self, event: events.Event) -> bool:
        room = self.room
        if isinstance(event, events.Reset):
            return room.state is RoomState.LIVE
        return isinstance(event, events.Joined) and not event.recovered and self._counts(event)

    def _counts(self, joined: events.Joined) -> bool:
        """Whether it is the reply that the room waits for, and the room has a position."""
        return self.room.joining == joined.id and self.room.timeline.position is not None

    def lose_up(self) -> None:
        if self.up:
            self.up.popleft()

    def lose_down(self) -> None:
        if self._loose(1):
            self._out.popleft()

    def repeat_down(self) -> None:
        if self._loose(1):
            self._out.appendleft(self._out[0])

    def swap_down(self) -> None:
        if self._loose(2):
            first = self._out.popleft()
            self._out.insert(1, first)

    def break_link(self) -> None:
        if self.server is not None:
            self._cut()
            self.step(inputs.SocketLost(1006))

    def _cut(self) -> None:
        self.server = None
        self.up.clear()

    def trim(self, keep: int) -> None:
        self.log.trim(keep)

    def lose_log(self) -> None:
        self.log.begin_anew()
        if self.server is not None:
            self.server.reset()

    def lose_log_and_link(self) -> None:
        self.break_link()
        self.log.begin_anew()

    def rewind(self, back: int) -> None:
        """Rewind by some messages, as an I/O layer does whose queue overflowed."""
        taken = [link[0] for link in self.chain if link is not None]
        if len(taken) > back and self.chain[-1] is not None:
            to = taken[-1 - back]
            here = self.room.timeline.position
            if here is not None and to.epoch == here.epoch and None not in self.chain[-1 - back :]:
                del self.chain[len(self.chain) - back :]
                self.step(inputs.RewindRequested(ROOM, to))

    def wait(self, ms: int) -> None:
        self.now += ms
        due = self.client.deadline
        if due is not None and self.now >= due:
            self.step(inputs.DeadlineReached())

    @property
    def _out(self) -> deque[events.Event]:
        assert self.server is not None
        return self.server.out

    def _loose(self, number: int) -> bool:
        if self.server is None or len(self.server.out) < number:
            return False
        return not any(isinstance(event, events.Reset) for event in list(self.server.out)[:number])

    # Recovery

    def settle(self) -> None:
        """Run without faults until the client is idle, then again with a message that would reveal a hole."""
        self._run()
        self.other_says()
        self._run()

    def _run(self) -> None:
        for _ in range(200):
            while self.up or (self.server is not None and self.server.out):
                self.deliver_command()
                self.deliver_event()
            if self._is_settled():
                return
            self.now = max(self.now, self.client.deadline or self.now)
            self.step(inputs.DeadlineReached())
        raise AssertionError("the client never became idle")

    def _is_settled(self) -> bool:
        is_online = isinstance(self.client.status, status.Online)
        return is_online and self.room.state is RoomState.LIVE and self.room.outbox.next is None
