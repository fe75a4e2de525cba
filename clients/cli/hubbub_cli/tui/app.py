"""The full-screen client: it shows one room, and a key switches to the others."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.filter import LineFilter, NoColor
from textual.widgets import Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed
from typing_extensions import override

from hubbub_cli.tui import pickers, status_lines
from hubbub_cli.tui.alt_keys import report_alt_keys
from hubbub_cli.tui.background import BINDINGS, Background
from hubbub_cli.tui.chat_backend import ChatBackend
from hubbub_cli.tui.completion import Vocabulary
from hubbub_cli.tui.help_screen import HelpScreen
from hubbub_cli.tui.idleness import WatchedApp
from hubbub_cli.tui.message_log import MessageLog
from hubbub_cli.tui.messages import (
    ConversationEnded,
    Mentioned,
    MessageReached,
    MessagesFound,
    OlderLoaded,
    RoomsChanged,
)
from hubbub_cli.tui.room_actions import RoomActions
from hubbub_cli.tui.room_pane import RoomPane
from hubbub_cli.tui.room_sidebar import RoomSidebar
from hubbub_cli.tui.room_views import RoomView, RoomViews
from hubbub_cli.tui.status_lines import Tab
from hubbub_cli.tui.terminal_window import TerminalWindow

# In seconds.
_FRAME: Final = 1 / 30
_HINTS: Final = (("F1", "help"), ("Ctrl+K", "rooms"), ("Ctrl+C", "quit"))
# In columns: from here on the rooms stand at the left, below it in a line at the top.
_WITH_LIST: Final = 80
_WIDE: Final = 120


class ChatApp(WatchedApp):
    """Shows the rooms, and passes the input on."""

    TITLE = "hubbub"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = BINDINGS
    CSS = """
    #tabs, #connection { height: 1; background: $surface; }
    """

    def __init__(
        self,
        backend: ChatBackend,
        rooms: Sequence[str],
        *,
        colors: bool = True,
        background: Background | None = None,
    ) -> None:
        self.views = RoomViews()
        self.backend = backend
        self._actions = RoomActions(self)
        self._first_rooms = rooms
        self._colors = colors
        self._background = background or Background()
        self._worker: Worker[None] | None = None
        self.warned = False
        # An error in the screen itself.
        self.failure: BaseException | None = None
        report_alt_keys()
        super().__init__(backend.away)
        # Attributes, because a query finds only widgets of the topmost screen, which may be the help.
        self._window = TerminalWindow(self)
        self._tabs = Static(id="tabs")
        self._list = RoomSidebar()
        self._pane = RoomPane(self._vocabulary, self._entered, self._actions.edit_last)
        self.log_view, self.composer = self._pane.log_view, self._pane.composer
        self._connection = Static(id="connection")

    @override
    def _fatal_error(self) -> None:
        # Without Textual's traceback: `main` reports the error, the first one if the screen fails on.
        if self.failure is None:
            self.failure = sys.exc_info()[1]
            self.panic()

    @override
    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = list(super().get_line_filters())
        return filters if self._colors else [*filters, NoColor()]

    @override
    def compose(self) -> ComposeResult:
        yield self._tabs
        with Horizontal():
            yield from (self._list, self._pane)
        yield self._connection

    def on_mount(self) -> None:
        restyle = self.log_view.restyle
        self._background.start(self, self._window, restyle, files_at=self.backend.root)
        for room in self._first_rooms:
            self.backend.join(self.views.open(room))
        self.go_to(self.views.at(0))
        self.composer.focus()
        self.set_interval(1, self._show_connection)
        self._worker = self.run_worker(self.backend.run(self.views, self.post_message))

    async def on_unmount(self) -> None:
        """Wait until the connection is closed: the worker is cancelled, the server should know at once."""
        self._background.stop()
        self._window.restore()
        if self._worker is not None:
            with suppress(WorkerCancelled, WorkerFailed):
                await self._worker.wait()

    # Output

    def on_rooms_changed(self, _: RoomsChanged) -> None:
        # One redraw for all changes of a frame: a flood of messages must not block the keys.
        self.set_timer(_FRAME, self.show)

    def on_conversation_ended(self, _: ConversationEnded) -> None:
        self.exit()

    def on_mentioned(self, event: Mentioned) -> None:
        self._window.notify(f"{event.user} mentioned you in {event.view.name}")

    def on_older_loaded(self, event: OlderLoaded) -> None:
        self.show()
        if event.view is self.views.active:
            self.log_view.scroll_above()

    def on_messages_found(self, event: MessagesFound) -> None:
        self.push_screen(pickers.found(event), partial(self._actions.show_found, event))

    def on_message_reached(self, event: MessageReached) -> None:
        self.go_to(event.view)
        self.log_view.to_row(event.row)

    def on_resize(self, event: Resize) -> None:
        width = event.size.width
        self._list.display = width >= _WITH_LIST
        self._list.styles.width = 18 if width < _WIDE else 28
        self._tabs.display = width < _WITH_LIST
        self.show()

    def show(self) -> None:
        """Draw the current state."""
        self.views.changed = False
        view = self.views.active
        if view is None or not self.log_view.is_attached:
            return
        self._show_rooms()
        self._pane.show(view, self.backend)
        self.views.following = self.log_view.pinned and view.thread is None
        self._window.show(view.name, sum(one.unread + one.unseen for one in self.views if not one.muted))
        self._show_connection()

    def _show_rooms(self) -> None:
        active = self.views.active
        tabs = [Tab(view.name, view is active, view.unread, view.mentions, view.muted) for view in self.views]
        self._list.show(tabs)
        self._tabs.update(status_lines.rooms_line(tabs, self.size.width))

    def _show_connection(self) -> None:
        dot, words = self.backend.connection
        line = status_lines.connection_line(dot, words, _HINTS, self.size.width)
        self._connection.update(line)

    # Input

    def _vocabulary(self) -> Vocabulary:
        return self.views.vocabulary(self.backend.me)

    def on_composer_typed(self) -> None:
        self.warned = False
        if self.views.active is not None:
            self.backend.typing(self.views.active)

    def _entered(self, line: str) -> None:
        self._actions.enter(line)
        self.show()

    def on_room_sidebar_chosen(self, event: RoomSidebar.Chosen) -> None:
        self.go_to(self.views.at(event.number))

    def on_message_log_top_reached(self, _: MessageLog.TopReached) -> None:
        view = self.views.active
        if view is None or view.loading or view.thread is not None:
            return
        if view.transcript.trimmed or view.transcript.full:
            self._pane.end_history(view, self.backend)
            return
        self.backend.older(view)

    def notify_room(self, text: str) -> None:
        """Print a notice of this client in the visible room."""
        if self.views.active is not None:
            self.views.active.shown.notice(text)
            self.log_view.follow()

    def follow(self) -> None:
        self.log_view.follow()

    @property
    def selected(self) -> int | None:
        """The id of the selected row."""
        return self.log_view.selected

    def put(self, text: str) -> None:
        self.composer.put(text)

    def go_to(self, view: RoomView | None) -> None:
        """Show a room; what was typed stays in the room where it was typed."""
        if view is None:
            return
        before = self.views.active
        if before is not None and before is not view:
            before.draft = self.composer.text
        if before is not view:
            self.composer.put(view.draft)
        self.views.show(view)
        self.log_view.follow()
        self.show()

    def quit(self) -> None:
        """Quit, but ask first if messages would be lost."""
        unsent = sum(one.state != "sent" for view in self.views for one in view.waiting)
        if unsent and not self.warned:
            self.warned = True
            self.notify_room(
                f"{unsent} of your messages {'is' if unsent == 1 else 'are'} not sent yet. Repeat to quit."
            )
            self.show()
        else:
            self.exit()

    # Keys

    def action_clear_or_quit(self) -> None:
        if self.composer.text:
            self.composer.clear()
        else:
            self.quit()

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_page(self, direction: int) -> None:
        self.log_view.page(direction)
        self.show()

    def action_thread(self) -> None:
        self._actions.toggle_thread()
        self.show()

    def action_newest(self) -> None:
        self._actions.leave_thread()
        self.follow()
        self.show()

    def action_background(self, dark: bool) -> None:  # noqa: FBT001  an action has no keywords
        self._background.use(dark=dark)

    def action_step(self, by: int) -> None:
        self.go_to(self.views.step(by))

    def action_unread(self, by: int) -> None:
        self.go_to(self.views.unread(by))

    def action_go(self, number: int) -> None:
        self.go_to(self.views.at(number))

    def action_mention(self, by: int) -> None:
        if self.views.active is not None:
            self.log_view.step_to(self.views.active.shown.mentions(), by)

    def action_select(self, by: int) -> None:
        if self.views.active is not None:
            self.log_view.step_to([row.id for row in self.views.active.shown.messages()], by)

    def action_write_in_editor(self) -> None:
        self.composer.action_write_in_editor()

    def action_switch_room(self) -> None:
        self.push_screen(pickers.rooms(self.views), self._actions.join_chosen)

    def action_palette(self) -> None:
        self.push_screen(pickers.commands(), self._chosen_action)

    async def _chosen_action(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action)
