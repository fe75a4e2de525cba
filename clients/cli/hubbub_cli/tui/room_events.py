"""What the events of a room change in its view."""

from collections.abc import Callable
from typing import NamedTuple

from textual.message import Message as TextualMessage

from hubbub_cli.message_lines import shown_text
from hubbub_cli.tui.mentions import mentions
from hubbub_cli.tui.messages import Mentioned
from hubbub_cli.tui.room_views import RoomView, RoomViews
from hubbub_client import Changed, Event, Gap, Joined, Message, Presence, ReadMarkMoved


class User(NamedTuple):
    """The user of this client, as far as the server has named it."""

    name: str
    id: str | None


class RoomEvents:
    """Updates views, and reports mentions."""

    def __init__(
        self, views: RoomViews, post: Callable[[TextualMessage], object], user: Callable[[], User]
    ) -> None:
        self._views = views
        self._post = post
        self._user = user

    def process(self, view: RoomView, event: Event) -> None:
        """Update the view of a room."""
        match event:
            case Message():
                self._message(view, event)
            case Changed():
                view.transcript.changed(event)
                if view.thread is not None:
                    view.thread.transcript.changed(event)
            case Joined():
                view.live = True
                view.unrecovered = not event.recovered
            case Gap():
                view.transcript.gap(anew=view.unrecovered)
                view.unrecovered = False
            case _:
                self._on_signal(view, event)

    def _on_signal(self, view: RoomView, event: Event) -> None:
        match event:
            case ReadMarkMoved():
                view.marked(event.mark, visible=view is self._views.active)
            case Presence():
                me = self._user().name
                joined, left = (
                    [name for name in names if name != me] for names in (event.joined, event.left)
                )
                if joined or left:
                    view.transcript.presence(joined, left)
            case _:
                pass

    def _message(self, view: RoomView, message: Message) -> None:
        me = self._user()
        of_others = message.user != me.name
        # The server finds @name; a name without @ is one for those who read it.
        mention = of_others and (me.id in message.mentions or mentions(message.text, me.name))
        if message.live and of_others and self._views.count(view, mention=mention) and not view.muted:
            self._post(Mentioned(view, message.user))
        if not message.live and of_others and view.is_unread(message):
            view.transcript.mark_unread()
        text = shown_text(message)
        view.transcript.said(message.user, text, message.at, mention=mention, source=message)
        if view.thread is not None:
            view.thread.take(message, mention=mention)
