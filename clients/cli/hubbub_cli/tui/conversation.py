"""The connection between the screen and the SDK."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Final

from textual.message import Message as TextualMessage

from hubbub_cli.connection import client, explained
from hubbub_cli.http_api import server_root
from hubbub_cli.message_lines import shown_text
from hubbub_cli.race import race
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.tui import file_requests, message_finder
from hubbub_cli.tui.connection_words import connection_words
from hubbub_cli.tui.messages import ConversationEnded, OlderLoaded, RoomsChanged
from hubbub_cli.tui.room_events import RoomEvents, User
from hubbub_cli.tui.room_listing import list_rooms
from hubbub_cli.tui.room_views import RoomView, RoomViews
from hubbub_cli.tui.thread_loading import open_thread
from hubbub_client import (
    Client,
    HubbubError,
    Message,
    Options,
    Position,
    Room,
    RoomRefused,
    TimedOut,
    status,
)
from hubbub_protocol.names import room_fault

_MOST_WAITING: Final = Options().outbox


class Conversation:
    """Stays connected while it runs, updates the views, and reports changes by messages to `post`."""

    def __init__(self, settings: CliSettings) -> None:
        self._settings = settings
        self._views = RoomViews()
        self._post: Callable[[TextualMessage], object] = lambda _: None
        self._events = RoomEvents(self._views, self._post, self._user)
        self._chat: Client | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._was_online = False
        # The error that ended it; None if the user quit.
        self.error: Exception | None = None

    async def run(self, views: RoomViews, post: Callable[[TextualMessage], object]) -> None:
        """Stay connected until it fails or is cancelled."""
        self._views, self._post = views, post
        self._events = RoomEvents(views, post, self._user)
        try:
            with explained(self._settings):
                async with client(self._settings, speaks=True, listener=False) as self._chat:
                    await race(self._watch(self._chat), self._stay())
        except Exception as error:  # noqa: BLE001  reported once the screen is closed
            self.error = error
        post(ConversationEnded())

    async def _watch(self, chat: Client) -> None:
        """Update the connection's line; raise the reason when the client closes."""
        async for now in chat.statuses():
            self._was_online |= isinstance(now, status.Online)
            for view in self._views:
                view.transcript.me = self.me
                view.live &= isinstance(now, status.Online)
            self._changed()
        await chat.online()

    async def _stay(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            for view in self._views:
                self.join(view)
            await asyncio.get_running_loop().create_future()

    def _changed(self) -> None:
        if not self._views.changed:
            self._views.changed = True
            self._post(RoomsChanged())

    # State for the screen

    @property
    def me(self) -> str:
        return (self._chat.user if self._chat else None) or self._settings.name or ""

    def _user(self) -> User:
        return User(self.me, self._chat.user_id if self._chat else None)

    @property
    def root(self) -> str:
        return server_root(self._settings.server)

    @property
    def connection(self) -> tuple[str, str]:
        return connection_words(self._chat, self._views, self.me, was_online=self._was_online)

    # Requests of the screen

    def join(self, view: RoomView) -> None:
        """Join the room of a view; before the first connection, `_stay` does."""
        view.transcript.me = self.me
        if self._chat is not None and view.room is None:
            self._start(self._join_and_read(self._chat, view))

    def leave(self, view: RoomView) -> None:
        if view.room is not None:
            view.room.leave()
            view.room = None

    def say(self, view: RoomView, text: str) -> None:
        """Send a message, or queue it until the room is joined."""
        if sum(1 for _ in view.waiting) >= _MOST_WAITING:
            view.transcript.notice(f"Not sent, too many messages are queued: {sanitize(text)}")
        elif view.room is None:
            view.queued.append(text)
        else:
            view.room.say(text)

    def reply(self, view: RoomView, to: Position, text: str) -> None:
        """Send a reply; before the room is joined there is nothing to reply to."""
        if view.room is not None:
            view.room.say(text, reply_to=to)

    def open_thread(self, view: RoomView, root: Position) -> None:
        if view.room is not None:
            self._start(open_thread(view, view.room, root, self._post))

    def edit(self, view: RoomView, message: Message, text: str) -> None:
        if view.room is not None:
            self._start(self._change(view, view.room.edit(message.position, text)))

    def delete(self, view: RoomView, message: Message) -> None:
        if view.room is not None:
            self._start(self._change(view, view.room.delete(message.position)))

    def react(self, view: RoomView, message: Message, emoji: str) -> None:
        """React, or take the same reaction back."""
        if view.room is None:
            return
        mine = any(
            one.emoji == emoji and any(user.user == self.me for user in one.users)
            for one in message.reactions
        )
        change = view.room.unreact if mine else view.room.react
        self._start(self._change(view, change(message.position, emoji)))

    def list_rooms(self, view: RoomView, prefix: str) -> None:
        if self._chat is not None:
            self._start(list_rooms(view, self._chat, prefix, self._post))

    def set_topic(self, view: RoomView, text: str) -> None:
        if view.room is not None:
            self._start(self._change(view, view.room.set_topic(text)))

    def send_file(self, view: RoomView, path: str) -> None:
        if view.room is not None:
            self._start(file_requests.send(self._settings, view, view.room, path, self._post))

    def download(self, view: RoomView, message: Message, folder: str) -> None:
        self._start(file_requests.save(self._settings, view, message, folder, self._post))

    async def _change(self, view: RoomView, change: Coroutine[None, None, object]) -> None:
        """Wait for a change, and print why it is rejected."""
        try:
            await change
        except HubbubError as error:
            view.shown.notice(f"Not changed: {sanitize(str(error))}")
            self._changed()

    def search(self, view: RoomView, query: str, before: str = "") -> None:
        if view.room is None:
            view.transcript.notice("This room is not joined yet: search again later.")
        else:
            self._start(message_finder.find(view, view.room, query, before, self._post))

    def show(self, view: RoomView, message: Message) -> None:
        """Show a message in its room; load the history up to it."""
        if (room := view.room) is not None:
            self._start(message_finder.reach(view, message, lambda: self._page(room, view), self._post))

    def away(self, away: bool) -> None:  # noqa: FBT001 - the state, and the only argument
        if self._chat is not None:
            self._chat.away(away)

    def retry(self, view: RoomView) -> None:
        """Send the rejected messages of a room again."""
        for key in view.failed:
            if view.room is not None:
                view.room.resend(key)

    def discard(self, view: RoomView) -> None:
        """Drop the rejected messages of a room."""
        for key in view.failed:
            if view.room is not None:
                view.room.discard(key)

    def typing(self, view: RoomView) -> None:
        if view.room is not None:
            view.room.typing()

    def read(self, view: RoomView) -> None:
        """Move the read mark to the end of the room."""
        if view.room is not None and view.mark is not None and view.room.position is not None:
            view.room.read(view.room.position.offset)

    def older(self, view: RoomView) -> None:
        """Load a page of history."""
        if view.room is not None and not view.loading:
            view.loading = True
            self._start(self._load(view.room, view))

    def _start(self, doing: Coroutine[None, None, None]) -> None:
        if self._tasks is None:
            doing.close()
        else:
            self._tasks.create_task(doing)

    async def _load(self, room: Room, view: RoomView) -> None:
        with suppress(HubbubError):
            await self._page(room, view)
            self._post(OlderLoaded(view))
        view.loading = False

    async def _page(self, room: Room, view: RoomView) -> bool:
        """Insert a page of history; return whether there may be another one."""
        page = await room.older()
        view.transcript.older(((one.user, shown_text(one), one.at) for one in page.messages), page.messages)
        if not page.more:
            view.transcript.begins()
        return page.more and bool(page.messages)

    # Events of a room

    async def _join_and_read(self, chat: Client, view: RoomView) -> None:
        """Join a room, and process its events until it is left."""
        try:
            room = await self._enter(chat, view.name)
        except (RoomRefused, ValueError) as error:
            view.transcript.notice(sanitize(str(error)))
            self._changed()
            return
        view.room = room
        for text in view.queued:
            room.say(text)
        view.queued.clear()
        try:
            async for event in room:
                self._events.process(view, event)
                self._changed()
        except RoomRefused as error:
            view.transcript.notice(sanitize(str(error)))
            view.room = None
            self._changed()

    async def _enter(self, chat: Client, name: str) -> Room:
        """Join without a timeout: the connection's line shows the reason of a delay."""
        fault = room_fault(name)
        if fault:
            raise ValueError(f"Invalid room name: it {fault}.")
        while True:
            try:
                return await chat.join(name, history=True)
            except TimedOut:
                continue
