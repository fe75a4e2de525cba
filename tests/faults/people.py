"""Simulated users: real clients of the SDK, each on its own wire, that record all they receive."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

from hubbub_client import (
    Client,
    Gap,
    HubbubError,
    Joined,
    Lagged,
    Message,
    Options,
    Position,
    Room,
    SendFailed,
)
from hubbub_client.events import Event as ReceivedEvent
from tests.faults.history import Place, Recorder, What, digest, key_of
from tests.faults.plan import Person
from tests.faults.wire import Wire

# Longer than any run: a limit that is never reached.
_EVER: Final = 600.0
# Retries are faster than a user's, so that a run has more of them.
_HASTE: Final = 0.1
# Extra characters of a message, so that some fill buffers.
_PADDING: Final = (0, 0, 200, 3000)


class ChatUser:
    """One user: a client that may be connected or not, in rooms or not, and reading or not.

    Attributes:
        rooms: the rooms that it joins.
        last: the last position that it read in each room; a new client resumes from it.
        unsettled: the keys of its messages without an answer yet.
        confirms: whether it learns that its messages are stored.
    """

    confirms: Final = True

    def __init__(self, person: Person, wire: Wire, recorder: Recorder, seed: int, inbox: int) -> None:
        self.name = person.name
        self.rooms = person.rooms
        self.last: dict[str, Position] = {}
        self.unsettled: set[str] = set()
        self.client: Client | None = None
        self.wire = wire
        self._person = person
        self._recorder = recorder
        self._inbox = inbox
        self._chance = Random(f"{seed} {person.name}")  # noqa: S311 (repeatable, not secret)
        self._session: str | None = None
        self._numbers = dict.fromkeys(person.rooms, 0)
        self._hearing = asyncio.Event()
        self._hearing.set()
        self._leaving = asyncio.Event()
        self._wanted = {room: asyncio.Event() for room in person.rooms}
        self._attending: dict[str, Room] = {}

    @property
    def user(self) -> str:
        """The name by which the server knows it."""
        return (self.client and self.client.user) or self.name

    def has_read_to(self, room: str, place: Place, key: str) -> bool:  # noqa: ARG002 - it knows the place
        """Return whether a message was the last one that it read in a room."""
        last = self.last.get(room)
        return last is not None and _place(last) == place

    def members(self, room: str) -> list[str]:
        """Return the members of a joined room, as the client received them."""
        return list(self._attending[room].members.names)

    def is_in(self, room: str) -> bool:
        """Return whether it has joined a room."""
        return room in self._attending

    # Actions

    async def live(self) -> None:
        """Be connected, in all rooms, with a new client until `quit`."""
        self._leaving.clear()
        options = Options(
            random=lambda: self._chance.random() * _HASTE, queue=self._inbox, within=_EVER, close_timeout=1
        )
        url = f"ws://127.0.0.1:{self.wire.port}"
        try:
            # The end of the client cancels the tasks that read rooms or wait for answers.
            async with (
                asyncio.TaskGroup() as self._tasks,
                Client(url, name=self.name, session=self._session, options=options) as self.client,
            ):
                for room, wanted in self._wanted.items():
                    wanted.set()
                    self._tasks.create_task(self._attend(self.client, room))
                await self._leaving.wait()
                self._session = self.client.session
        finally:
            self.client = None

    def enter(self, room: str) -> None:
        """Join a room that was left."""
        self._wanted[room].set()

    def leave(self, room: str) -> None:
        """Leave a room, if it was joined."""
        if room in self._attending:
            self._wanted[room].clear()
            self._attending[room].leave()

    def quit(self) -> None:
        """Disconnect, until `live` is called again."""
        self._recorder.note(self.name, What.QUITS)
        for wanted in self._wanted.values():
            wanted.set()
        self._leaving.set()

    def deafen(self) -> None:
        """Stop reading."""
        self._hearing.clear()

    def read_again(self) -> None:
        """Read again."""
        self._hearing.set()

    def retry_now(self) -> None:
        """Retry at once."""
        if self.client is not None:
            self.client.retry()

    def send_next(self, name: str) -> None:
        """Send the next message to a room, if it has joined it."""
        room = self._attending.get(name)
        if room is None or self._leaving.is_set() or not self._wanted[name].is_set():
            return
        number = self._numbers[name] = self._numbers[name] + 1
        key = f"{self.name}-{name}-{number}"
        text = f"{key} ".ljust(self._chance.choice(_PADDING), ".")
        self._recorder.note(self.name, What.SENDS, room=name, key=key, note=digest(text))
        self.unsettled.add(key)
        self._tasks.create_task(self._send(room, text, key))

    async def send_messages(self, seconds: float) -> None:
        """Send messages at random intervals."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (wait := self._chance.expovariate(self._person.pace)) + loop.time() < end:
            await asyncio.sleep(wait)
            self.send_next(self._chance.choice(self._person.rooms))

    # Events

    async def _attend(self, client: Client, name: str) -> None:
        """Join a room whenever that is wanted, until the client ends, and record its events."""
        note = self._recorder.note
        try:
            while not self._leaving.is_set():
                room = self._attending[name] = await client.join(
                    name, since=self.last.get(name), history=True
                )
                async for event in room:
                    self._record(event)
                    await self._hearing.wait()
                del self._attending[name]
                note(self.name, What.LEAVES, room=name)
                await self._wanted[name].wait()
        except HubbubError as error:
            if not self._leaving.is_set():
                note(self.name, What.ENDS, room=name, note=repr(error))
        finally:
            self._attending.pop(name, None)

    def _record(self, event: ReceivedEvent) -> None:
        note = self._recorder.note
        match event:
            case Message():
                at, said = event.position, digest(event.text)
                self.last[event.room] = at
                key = key_of(event.key, event.text)
                note(self.name, What.RECEIVES, room=event.room, key=key, place=_place(at), note=said)
            case Joined():
                self.last[event.room] = event.position
                what = What.RESUMES if event.recovered else What.JOINS
                note(self.name, what, room=event.room, place=_place(event.position))
            case Gap():
                note(self.name, What.GAP, room=event.room)
            case Lagged():
                note(self.name, What.LAGS, room=event.room)
            case _:
                pass

    async def _send(self, room: Room, text: str, key: str) -> None:
        """Send a message, and record its outcome."""
        note = self._recorder.note
        try:
            receipt = await room.send(text, key)
        except SendFailed as error:
            note(self.name, What.FAILED, room=room.name, key=key, note=error.code)
        except HubbubError:
            pass  # its outcome stays unknown
        else:
            note(self.name, What.STORED, room=room.name, key=key, place=_place(receipt.position))
        finally:
            self.unsettled.discard(key)


def _place(position: Position) -> Place:
    return Place(position.epoch, position.offset)
