"""A room that one is in: read it with `async for`, write to it with `send`."""

from dataclasses import dataclass
from typing import Self, TypeVar

from hubbub_client.driver import Driver
from hubbub_client.errors import ClientClosed, RoomRefused, SendFailed
from hubbub_client.event_queue import EventQueue
from hubbub_client.event_translation import event_of, message_of, names_of
from hubbub_client.events import Event, HistoryPage, MemberNames, Position, Receipt
from hubbub_client.keys import new_key
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.outbox import OutboxState
from hubbub_client.sans_io.room_machine import RoomMachine, RoomState
from hubbub_client.waiters import Waiters, wait_at_most

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An own message whose `Message` has not come yet. `code` says why it failed."""

    key: str
    text: str
    progress: OutboxState
    code: str


class Room:
    """One room. Sending is safe while reading: what is read is brought by another task.

    There is one queue, so one reader. `within` is a limit in seconds for one call; the client has a default.
    """

    def __init__(self, name: str, driver: Driver, *, queue: int, within: float) -> None:
        self.name = name
        self._driver = driver
        self._within = within
        self._queue = EventQueue(name, queue, lambda to: driver.step(inputs.Rewind(name, to)))
        self._joined: Waiters[None] = Waiters()
        self._receipts: dict[str, Waiters[Receipt]] = {}
        self._pages: Waiters[HistoryPage] = Waiters()
        self._names: Waiters[MemberNames | None] = Waiters()
        self._closed: ClientClosed | None = None

    # Reading

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._queue.get()

    @property
    def position(self) -> Position | None:
        """What the room has come to; whoever reads slowly is behind it."""
        return self._machine.timeline.position

    @property
    def members(self) -> MemberNames:
        """Who is there, as far as the server has said: everybody, unless `more`."""
        return names_of(self._machine.members.members)

    @property
    def typists(self) -> tuple[str, ...]:
        return self._machine.typing_users.names

    @property
    def pending(self) -> tuple[Pending, ...]:
        """Own messages that are on their way, in order; failed ones too."""
        return tuple(
            Pending(key=own.key, text=own.text, progress=own.state, code=own.code)
            for own in self._machine.outbox
        )

    async def older(self, *, within: float | None = None) -> HistoryPage:
        """Read the page ahead of the first message that came. An empty one with `more`: try again later."""
        return await self._ask(inputs.Older(self.name), self._pages, within)

    async def names(self, after: str = "", *, within: float | None = None) -> MemberNames | None:
        """Read the names behind `after`, by alphabet. None: try again later."""
        return await self._ask(inputs.Who(self.name, after), self._names, within)

    # Writing

    async def send(self, text: str, key: str | None = None, *, within: float | None = None) -> Receipt:
        """Say something, and wait until it is stored. Over a lost connection it is sent again, stored once.

        Raises:
            SendFailed: it was refused for good.
            TimedOut: it's not known to be stored yet, and stays in the outbox.
            ClientClosed: the client ended; whether it is stored is not known.
        """
        key = key or new_key()
        own = next((own for own in self._machine.outbox if own.key == key), None)
        if own is not None and own.at is not None:
            return Receipt(key=key, position=own.at, duplicate=True)
        failed = own is not None and own.state is OutboxState.FAILED
        given = inputs.Resend(self.name, key) if failed else inputs.Send(self.name, key, text)
        return await self._ask(given, self._receipts.setdefault(key, Waiters()), within)

    def say(self, text: str, key: str | None = None) -> str:
        """Say something without waiting. `Sent` or `Failed` of this key tells how it went."""
        key = key or new_key()
        self._driver.step(inputs.Send(self.name, key, text))
        return key

    def resend(self, key: str) -> None:
        self._driver.step(inputs.Resend(self.name, key))

    def discard(self, key: str) -> None:
        self._driver.step(inputs.Discard(self.name, key))

    def typing(self) -> None:
        """Tell the others that one is typing. Call it at every key: it's said every three seconds at most."""
        self._driver.step(inputs.Typing(self.name))

    def leave(self) -> None:
        """Be in the room no longer: its iteration ends. Joining it again goes on from where it was."""
        self._driver.step(inputs.Leave(self.name))
        self._joined.fail(RoomRefused(self.name, "left", "it was left"))
        self._queue.end(None)

    # For the client

    async def join(self, since: Position | None, within: float | None) -> None:
        """Join, and wait until the room is live."""
        owed = self._queue.reopen()
        if owed is not None and self._closed is None:
            self._driver.step(inputs.Join(self.name, since))
            self._driver.step(inputs.Rewind(self.name, owed))
        wait = self._ask(inputs.Join(self.name, since), self._joined, within)
        if self._is_live:
            wait.close()
        else:
            await wait

    def tell(self, effect: effects.RoomEffect) -> None:
        """Take in what the machine says of this room: for those who wait for it, and for the reader."""
        self._settle(effect)
        event = event_of(effect, self.position)
        if event is not None:
            self._queue.put(event)

    def closed(self, error: ClientClosed, *, quietly: bool) -> None:
        """End all that waits, for the client has ended."""
        self._closed = error
        self._joined.fail(error)
        self._pages.fail(error)
        self._names.fail(error)
        for waits in self._receipts.values():
            waits.fail(error)
        self._queue.end(None if quietly else error)

    @property
    def _machine(self) -> RoomMachine:
        machine = self._driver.machine.rooms.get(self.name)
        if machine is None:
            raise LookupError(f"the room {self.name!r} was never joined")
        return machine

    @property
    def _is_live(self) -> bool:
        machine = self._driver.machine.rooms.get(self.name)
        return machine is not None and machine.state is RoomState.LIVE

    async def _ask(self, given: inputs.RoomInput, waits: Waiters[T], within: float | None) -> T:
        if self._closed is not None:
            raise self._closed
        answer = waits.enter()  # ahead of the step, which may answer at once
        self._driver.step(given)
        return await wait_at_most(
            self._within if within is None else within, answer, type(given).__name__.lower()
        )

    def _settle(self, effect: effects.RoomEffect) -> None:
        match effect:
            case effects.Joined():
                self._joined.succeed(None)
            case effects.JoinRefused(_, code, message):
                refused = RoomRefused(self.name, code, message)
                self._joined.fail(refused)
                self._queue.end(refused)
            case effects.Stored(_, key, epoch, offset, duplicate):
                at = Position(epoch=epoch, offset=offset)
                self._waiting_for(key).succeed(Receipt(key=key, position=at, duplicate=duplicate))
            case effects.Failed(_, key, code, message):
                self._waiting_for(key).fail(SendFailed(key, code, message))
            case effects.Older(_, messages, more):
                page = tuple(message_of(message, self.position) for message in messages)
                self._pages.succeed(HistoryPage(messages=page, more=more))
            case effects.NamesPage(_, members):
                self._names.succeed(None if members is None else names_of(members))
            case _:
                pass

    def _waiting_for(self, key: str) -> Waiters[Receipt]:
        return self._receipts.pop(key, None) or Waiters()
