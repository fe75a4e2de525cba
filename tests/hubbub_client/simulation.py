"""A client's core against the model server, over a link that may lose, repeat and reorder, and break.

What a websocket can't do to a `reset` is not done to it here: messages name no epoch, so one that is lost
while the connection lives could be noticed by nobody.
"""

from collections import deque
from collections.abc import Callable

from hubbub_client.sans_io import effects, inputs, status
from hubbub_client.sans_io.client_machine import ClientMachine, MachineOptions
from hubbub_client.sans_io.room_machine import RoomMachine, RoomState
from hubbub_protocol import commands, events
from hubbub_protocol.commands import Since
from tests.hubbub_client.world import ROOM, Log, Server

ANN, BOB = "ann", "bob"


class Simulation:
    """One client, its link, and the log that it talks about."""

    def __init__(self, random: Callable[[], float]) -> None:
        self.log = Log()
        self.client = ClientMachine(MachineOptions(name=ANN), random)
        self.now = 0
        self.server: Server | None = None
        self.up: deque[commands.Command] = deque()
        self.told: list[effects.RoomEffect] = []
        # What was told as a message: its position, and that of the one before it.
        self.chain: list[tuple[Since, int] | None] = []
        self.reasons = self.gaps = 0
        self.said = 0
        self.step(inputs.Join(ROOM))
        self.step(inputs.Connect())
        # Begin live: much of what can happen needs that.
        for hear in (self.hear_up, self.hear_down) * 2:
            hear()

    @property
    def room(self) -> RoomMachine:
        room = self.client.rooms.get(ROOM)
        assert room is not None
        return room

    # The client

    def step(self, given: inputs.Input) -> None:
        for effect in self.client.step(given, self.now):
            match effect:
                case effects.Open():
                    self.server = Server(self.log, ANN)
                    self.step(inputs.Opened())
                case effects.Write(command):
                    self.up.append(command)
                case effects.Shut():
                    self._cut()
                case effects.Changed() | effects.AskToken():
                    pass
                case _:
                    self._tell(effect)

    def _tell(self, effect: effects.RoomEffect) -> None:
        self.told.append(effect)
        if isinstance(effect, effects.Gap):
            self.gaps += 1
            self.chain.append(None)
        if isinstance(effect, effects.Said):
            position = self.room.timeline.position
            assert position is not None
            at = Since(epoch=position.epoch, offset=effect.message.offset)
            self.chain.append((at, effect.message.prev))

    # What may happen

    def say(self) -> None:
        self.said += 1
        self.step(inputs.Send(ROOM, f"k{self.said}", f"own {self.said}"))

    def other_says(self, step: int = 1) -> None:
        message, _ = self.log.publish(BOB, f"b{self.log.epoch}-{self.log.head}", "hers", step)
        if message is not None and self.server is not None:
            self.server.fan_out(message)

    def hear_up(self) -> None:
        if self.server is not None and self.up:
            self.server.hear(self.up.popleft())

    def hear_down(self) -> None:
        if self.server is None or not self.server.out:
            return
        event = self.server.out.popleft()
        self.reasons += self._is_reason_for_a_gap(event)
        self.step(inputs.Frame(event))

    def _is_reason_for_a_gap(self, event: events.Event) -> bool:
        room = self.room
        if isinstance(event, events.Reset):
            return room.state is RoomState.LIVE
        return isinstance(event, events.Joined) and not event.recovered and self._counts(event)

    def _counts(self, joined: events.Joined) -> bool:
        """Whether it is the answer that the room waits for, and there's a position to give up."""
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
            self.step(inputs.Lost(1006))

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
        """Have what was told last told again, as a shell does whose queue was full."""
        taken = [link[0] for link in self.chain if link is not None]
        if len(taken) > back and self.chain[-1] is not None:
            to = taken[-1 - back]
            here = self.room.timeline.position
            if here is not None and to.epoch == here.epoch and None not in self.chain[-1 - back :]:
                del self.chain[len(self.chain) - back :]
                self.step(inputs.Rewind(ROOM, to))

    def wait(self, ms: int) -> None:
        self.now += ms
        due = self.client.deadline
        if due is not None and self.now >= due:
            self.step(inputs.Tick())

    @property
    def _out(self) -> deque[events.Event]:
        assert self.server is not None
        return self.server.out

    def _loose(self, number: int) -> bool:
        if self.server is None or len(self.server.out) < number:
            return False
        return not any(isinstance(event, events.Reset) for event in list(self.server.out)[:number])

    # The end of the faults

    def settle(self) -> None:
        """Let all go well for as long as it takes, with a message at the end that would show a hole."""
        self._run()
        self.other_says()
        self._run()

    def _run(self) -> None:
        for _ in range(200):
            while self.up or (self.server is not None and self.server.out):
                self.hear_up()
                self.hear_down()
            if self._is_settled():
                return
            self.now = max(self.now, self.client.deadline or self.now)
            self.step(inputs.Tick())
        raise AssertionError("it never comes to rest")

    def _is_settled(self) -> bool:
        is_online = isinstance(self.client.status, status.Online)
        return is_online and self.room.state is RoomState.LIVE and self.room.outbox.next is None
