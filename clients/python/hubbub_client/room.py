"""A joined room: read it with `async for`, send with `send`."""

from collections.abc import Sequence
from typing import Self, TypeVar

from hubbub_client.driver import Driver
from hubbub_client.errors import ClientClosed, RoomRefused
from hubbub_client.event_queue import EventQueue
from hubbub_client.event_translation import event_of, names_of
from hubbub_client.events import (
    Changed,
    Event,
    FoundMessages,
    HistoryPage,
    Joined,
    MemberNames,
    Message,
    Position,
    SendReceipt,
    ThreadPage,
)
from hubbub_client.history_filter import HistoryFilter
from hubbub_client.own_messages import Pending, Receipts, checked_key, first_or_again, pending_of
from hubbub_client.page_calls import CALLS, PageCalls
from hubbub_client.sans_io import effects, inputs
from hubbub_client.sans_io.effects import UploadTicket
from hubbub_client.sans_io.outbox import OwnChange
from hubbub_client.sans_io.room_machine import RoomMachine, RoomState
from hubbub_client.waiters import Waiters, wait_at_most
from hubbub_protocol.events import File, ReadMark
from hubbub_protocol.folding import ChangeKind

T = TypeVar("T")


class Room:
    """One room. It may be read and written at the same time; another task receives the events.

    There is one queue, so only one reader: a second one gets RuntimeError. `within` is the timeout of a
    call in seconds; the default is in `Options`.
    """

    def __init__(self, name: str, driver: Driver, *, queue: int, within: float, history: bool) -> None:
        self.name = name
        self._driver = driver
        self._within = within
        self._queue = EventQueue(name, queue, self._rewind)
        self._filter = HistoryFilter(history=history)
        self._joined: Waiters[None] = Waiters()
        self._receipts = Receipts()
        self._pages = PageCalls()
        self._closed: ClientClosed | None = None

    # Reading

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._queue.get()

    @property
    def position(self) -> Position | None:
        """The position up to which everything was received; a slow reader has not read up to it."""
        return self._machine.timeline.position

    @property
    def newest(self) -> Position | None:
        """The position of the last message or change that this room yields, or yielded."""
        return self._filter.newest

    @property
    def members(self) -> MemberNames:
        """The members, as far as the server has reported them: all, unless `more`."""
        return names_of(self._machine.members.members)

    @property
    def topic(self) -> str | None:
        """The topic of the room; None without one."""
        return self._machine.timeline.topic

    @property
    def typists(self) -> tuple[str, ...]:
        return self._machine.typing_users.names

    @property
    def pending(self) -> tuple[Pending, ...]:
        """Own messages that have not arrived in the room, in order, including failed ones."""
        return tuple(map(pending_of, self._machine.outbox.messages))

    @property
    def mark(self) -> ReadMark | None:
        """Up to where the user has read; None if the server keeps no marks of this user."""
        return self._driver.machine.rooms.marks.get(self.name)

    def read(self, offset: int) -> None:
        """Move the user's read mark forward to an offset, also on the user's other connections."""
        self._driver.step(inputs.ReadRequested(self.name, offset))

    async def older(self, *, within: float | None = None) -> HistoryPage:
        """Read the page before the first message. An empty one with `more` means: try again later.

        Without `history`, the first page is what `join` kept back.
        """
        if history := self._filter.take_history():
            return HistoryPage(messages=history, more=True)
        return await self._ask(inputs.OlderRequested(self.name), self._pages.older, within)

    async def search(
        self, query: str, before: str = "", *, within: float | None = None
    ) -> FoundMessages | None:
        """Find messages of the room, newest first; `before` is the `more` of the last page.

        None means: try again later, or the server can't search, or the query has neither a word nor a filter.
        """
        waits = self._pages.search(query, before)
        return await self._ask(inputs.SearchRequested(self.name, query, before), waits, within)

    async def thread(
        self, root: int, before: int | None = None, *, within: float | None = None
    ) -> ThreadPage | None:
        """Read messages of the thread of a root, oldest first; `before` is that of the last page.

        The root is the first message of the last page. None means: try again later.
        """
        waits = self._pages.thread(root, before)
        return await self._ask(inputs.ThreadRequested(self.name, root, before), waits, within)

    async def names(self, after: str = "", *, within: float | None = None) -> MemberNames | None:
        """Read the names after `after`, in alphabetical order. None means: try again later."""
        return await self._ask(inputs.MembersRequested(self.name, after), self._pages.names, within)

    async def ticket(
        self, name: str, size: int, media: str = "", *, within: float | None = None
    ) -> UploadTicket:
        """Ask for a ticket to upload a file: `upload_path` is where its bytes go, by `PUT`.

        The response is the file in JSON, for `send`.

        Raises:
            UploadRefused: the server takes no such file, or the connection was lost. Others as `send`.
        """
        waits = self._pages.ticket(name, size, media)
        return await self._ask(inputs.UploadRequested(self.name, name, size, media), waits, within)

    # Writing

    async def send(
        self,
        text: str,
        key: str | None = None,
        *,
        reply_to: Position | None = None,
        files: Sequence[File] = (),
        within: float | None = None,
    ) -> SendReceipt:
        """Send a message, and wait until it is stored. After a reconnect it is sent again, and deduplicated.

        `reply_to` is the position of the message that it replies to; `files` were uploaded for it.

        Raises:
            TypeError, ValueError: the text or the key cannot be sent.
            SendFailed: the server rejected it permanently.
            TimedOut: it is not acknowledged yet, and stays in the outbox.
            ClientClosed: the client is closed; the message may be stored or not.
        """
        key = checked_key(text, key)
        own = next((own for own in self._machine.outbox if own.key == key), None)
        if own is not None and own.at is not None:
            return SendReceipt(key=key, position=own.at, duplicate=True)
        first = inputs.SendRequested(self.name, key, text, reply_to, files=tuple(files))
        return await self._ask(first_or_again(first, own), self._receipts.of(key), within)

    def say(self, text: str, key: str | None = None, *, reply_to: Position | None = None) -> str:
        """Send a message without waiting. `Sent` or `Failed` with this key reports the result."""
        key = checked_key(text, key)
        self._driver.step(inputs.SendRequested(self.name, key, text, reply_to))
        return key

    async def edit(self, message: Position, text: str, *, within: float | None = None) -> SendReceipt:
        """Replace the text of an own message. Waits and raises as `send`, and so do the other changes."""
        return await self._change(OwnChange(ChangeKind.EDIT, message, text=text), within)

    async def delete(self, message: Position, *, within: float | None = None) -> SendReceipt:
        """Delete an own message: its text and its reactions are removed, and its place remains."""
        return await self._change(OwnChange(ChangeKind.DELETE, message), within)

    async def react(self, message: Position, emoji: str, *, within: float | None = None) -> SendReceipt:
        """React to a message with an emoji, or with a short code such as `:tada:`."""
        return await self._change(OwnChange(ChangeKind.REACT, message, emoji=emoji), within)

    async def unreact(self, message: Position, emoji: str, *, within: float | None = None) -> SendReceipt:
        """Take an own reaction back."""
        return await self._change(OwnChange(ChangeKind.UNREACT, message, emoji=emoji), within)

    async def set_topic(self, text: str, *, within: float | None = None) -> Position:
        """Set the topic of the room, as a moderator; an empty text removes it. It is one line.

        Return the position of the message about it.

        Raises:
            TopicNotSet: the server rejected it, the room is not joined, or the connection was lost.
            TimedOut, ClientClosed: as `send`.
        """
        return await self._ask(inputs.TopicRequested(self.name, text), self._pages.topic(text), within)

    async def _change(self, change: OwnChange, within: float | None) -> SendReceipt:
        key = checked_key("" if change.text is None else change.text, None)
        given = inputs.ChangeRequested(self.name, key, change)
        return await self._ask(given, self._receipts.of(key), within)

    def resend(self, key: str) -> None:
        self._driver.step(inputs.ResendRequested(self.name, key))

    def discard(self, key: str) -> None:
        self._driver.step(inputs.DiscardRequested(self.name, key))

    def typing(self) -> None:
        """Report that the user is typing. Call it at every key stroke; it is sent at most every 3 s."""
        self._driver.step(inputs.UserTyping(self.name))

    def leave(self) -> None:
        """Leave the room: its iteration ends. A later join resumes from its position."""
        self._driver.step(inputs.LeaveRequested(self.name))
        self._joined.fail(RoomRefused(self.name, "left", "the room was left"))
        self._queue.end(None)

    # Called by the client

    async def join(self, since: Position | None, within: float | None) -> None:
        """Join, and wait until the room is live."""
        self._filter.start(since)
        rewind_to = self._queue.reopen()
        if rewind_to is not None and self._closed is None:
            self._driver.step(inputs.JoinRequested(self.name, since))
            self._rewind(rewind_to)
        wait = self._ask(inputs.JoinRequested(self.name, since), self._joined, within)
        if self._is_live:
            wait.close()
        else:
            await wait

    def on_effect(self, effect: effects.RoomEffect) -> None:
        """Handle an effect of this room: resolve the calls that wait for it, and queue its event."""
        self._settle(effect)
        position = self.position
        event = event_of(effect, position)
        if isinstance(event, Message):
            event = self._filter.message(event)
        elif isinstance(event, Changed):
            self._filter.changed(event)
        elif isinstance(event, Joined) and position is not None:
            event = self._filter.joined(event, position)
        if event is not None:
            self._queue.put(event)

    def closed(self, error: ClientClosed, *, quietly: bool) -> None:
        """Fail all calls that wait, because the client is closed."""
        self._closed = error
        self._joined.fail(error)
        self._pages.fail(error)
        self._receipts.fail(error)
        self._queue.end(None if quietly else error)

    def _rewind(self, to: Position) -> None:
        self._filter.rewind(to)
        self._driver.step(inputs.RewindRequested(self.name, to))

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
        result = waits.enter()  # before the step, which may resolve it at once
        self._driver.step(given)
        seconds = self._within if within is None else within
        return await wait_at_most(seconds, result, f"{CALLS[type(given)]} {self.name!r}")

    def _settle(self, effect: effects.RoomEffect) -> None:
        match effect:
            case effects.RoomJoined():
                self._joined.succeed(None)
            case effects.JoinRefused(_, code, message):
                refused = RoomRefused(self.name, code, message)
                self._joined.fail(refused)
                self._queue.end(refused)
            case effects.MessageStored() | effects.MessageFailed():
                self._receipts.settle(effect)
            case _:
                self._pages.settle(effect, self.position)
