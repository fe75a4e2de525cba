"""The connection between the screen and the SDK."""

import asyncio
from collections.abc import Coroutine
from math import ceil
from typing import TYPE_CHECKING, Final

from hubbub_cli.connect_failures import explain
from hubbub_cli.connection import client, explained
from hubbub_cli.race import race
from hubbub_cli.sanitize import sanitize
from hubbub_cli.settings import CliSettings
from hubbub_cli.tui.room_views import RoomView
from hubbub_client import (
    Client,
    Event,
    Failed,
    Gap,
    HubbubError,
    Joined,
    Message,
    Options,
    Room,
    RoomRefused,
    TimedOut,
    status,
)
from hubbub_protocol.names import room_fault

if TYPE_CHECKING:
    from hubbub_cli.tui.app import ChatApp

_MOST_WAITING: Final = Options().outbox


class Conversation:
    """Stays connected while the app runs, and updates its views."""

    def __init__(self, settings: CliSettings) -> None:
        self._settings = settings
        self._app: ChatApp | None = None
        self._chat: Client | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._was_online = False
        # The error that ended it; None if the user quit.
        self.error: Exception | None = None

    async def run(self, app: "ChatApp") -> None:
        self._app = app
        try:
            with explained(self._settings):
                async with client(self._settings, speaks=True) as self._chat:
                    await race(self._watch(self._chat), self._stay(app))
        except Exception as error:  # noqa: BLE001  reported once the screen is closed
            self.error = error

    async def _watch(self, chat: Client) -> None:
        """Update the connection's line; raise the reason when the client closes."""
        async for now in chat.statuses():
            self._was_online |= isinstance(now, status.Online)
            if self._app is not None:
                self._set_status(self._app, now)
        await chat.online()

    def _set_status(self, app: "ChatApp", now: status.Status) -> None:
        for view in app.views:
            view.transcript.me = self.me
            view.live &= isinstance(now, status.Online)
        app.changed()

    async def _stay(self, app: "ChatApp") -> None:
        async with asyncio.TaskGroup() as self._tasks:
            for view in app.views:
                self.join(view)
            await asyncio.get_running_loop().create_future()

    # State for the screen

    @property
    def me(self) -> str:
        return (self._chat.user if self._chat else None) or self._settings.name or ""

    @property
    def connection(self) -> tuple[str, str]:
        chat, app = self._chat, self._app
        if chat is None or app is None:
            return "$warning", "connecting"
        match chat.status:
            case status.Online():
                if any(not view.live and view.room is not None for view in app.views):
                    return "$warning", "catching up"
                return "$success", f"online as {sanitize(self.me)}"
            case status.Waiting():
                return "$error", self._waiting(chat)
            case status.Offline():
                return "$error", "no network"
            case _:
                return "$warning", "reconnecting" if self._was_online else "connecting"

    def _waiting(self, chat: Client) -> str:
        seconds = ceil(chat.retry_in or 0)
        if self._was_online or chat.connection_error is None:
            return f"reconnecting in {seconds} s"
        return f"{explain(chat.connection_error, chat.url, chat.proxy).detail}, reconnecting in {seconds} s"

    # Requests of the screen

    def join(self, view: RoomView) -> None:
        if self._chat is not None and view.room is None:
            self._start(self._join_and_read(self._chat, view))

    def leave(self, view: RoomView) -> None:
        if view.room is not None:
            view.room.leave()
            view.room = None

    def say(self, view: RoomView, text: str) -> None:
        if sum(1 for _ in view.waiting) >= _MOST_WAITING:
            view.transcript.failed(text, "too many messages are queued")
        elif view.room is None:
            view.queued.append(text)
        else:
            view.room.say(text)

    def typing(self, view: RoomView) -> None:
        if view.room is not None:
            view.room.typing()

    def older(self, view: RoomView) -> None:
        if view.room is not None and not view.loading:
            view.loading = True
            self._start(self._load(view.room, view))

    def _start(self, doing: Coroutine[None, None, None]) -> None:
        if self._tasks is None:
            doing.close()
        else:
            self._tasks.create_task(doing)

    async def _load(self, room: Room, view: RoomView) -> None:
        try:
            page = await room.older()
        except HubbubError:
            return
        finally:
            view.loading = False
        view.transcript.older((one.user, one.text, one.at) for one in page.messages)
        if not page.more:
            view.transcript.begins()
        if self._app is not None:
            self._app.older_came(view)

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
                self._on_event(room, view, event)
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

    def _on_event(self, room: Room, view: RoomView, event: Event) -> None:
        match event:
            case Message():
                view.transcript.said(event.user, event.text, event.at)
                if event.user != self.me and self._app is not None:
                    self._app.count_message(view)
            case Joined():
                view.live = True
                view.unrecovered = not event.recovered
            case Gap():
                view.transcript.gap(anew=view.unrecovered)
                view.unrecovered = False
            case Failed():
                self._failed(room, view, event)
            case _:
                pass

    def _failed(self, room: Room, view: RoomView, failed: Failed) -> None:
        """Keep a rejected message visible; the Up key recalls its text."""
        text = next((own.text for own in room.pending if own.key == failed.key), None)
        if text is not None:
            view.transcript.failed(text, failed.message or failed.code)
            room.discard(failed.key)

    def _changed(self) -> None:
        if self._app is not None:
            self._app.changed()
