"""The full-screen client: it shows one room, and a key switches to the others."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import ClassVar, Final, Protocol

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.filter import LineFilter, Monochrome
from textual.widgets import Static
from textual.worker import Worker, WorkerCancelled, WorkerFailed
from typing_extensions import override

from hubbub_cli import slash_commands
from hubbub_cli.sanitize import sanitize
from hubbub_cli.slash_commands import ChatText, InvalidCommand, SlashCommand
from hubbub_cli.tui import status_lines
from hubbub_cli.tui.alt_digits import DIGITS, report_alt_digits
from hubbub_cli.tui.composer import Composer
from hubbub_cli.tui.help_screen import HelpScreen
from hubbub_cli.tui.message_log import MessageLog
from hubbub_cli.tui.palette import THEME
from hubbub_cli.tui.room_views import RoomView, RoomViews
from hubbub_cli.tui.transcript import SendState

# In seconds.
_FRAME: Final = 1 / 30
_HINTS: Final = (("F1", "help"), ("PgUp", "older"), ("Ctrl+C", "quit"))


class ChatBackend(Protocol):
    """The connection behind the screen: executes requests, updates views, calls `ChatApp.changed`."""

    async def run(self, app: "ChatApp") -> None:
        """Stay connected until the app ends. If it returns, the app ends."""

    @property
    def me(self) -> str: ...

    @property
    def connection(self) -> tuple[str, str]:
        """The colour and the text of the connection's state."""

    def join(self, view: RoomView) -> None: ...
    def leave(self, view: RoomView) -> None: ...
    def say(self, view: RoomView, text: str) -> None: ...
    def typing(self, view: RoomView) -> None: ...
    def older(self, view: RoomView) -> None: ...


class ChatApp(App[None]):
    """Shows the rooms, and passes the input on."""

    TITLE = "hubbub"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #rooms, #here, #connection { height: 1; background: $surface; }
    #below { height: 1; }
    Composer > .input--placeholder { color: $secondary; }
    Composer, Composer:focus { border: none; height: 1; padding: 0 1; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", show=False),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
        Binding("escape", "newest", show=False),
        Binding("ctrl+n", "step(1)", show=False, priority=True),
        Binding("ctrl+p", "step(-1)", show=False, priority=True),
        *(Binding(f"alt+{digit}", f"go({int(digit) - 1})", show=False, priority=True) for digit in DIGITS),
    ]

    def __init__(self, backend: ChatBackend, rooms: Sequence[str], *, colors: bool = True) -> None:
        self.views = RoomViews()
        self._backend = backend
        self._first_rooms = rooms
        self._colors = colors
        self._is_due = False
        self._warned = False
        self._worker: Worker[None] | None = None
        # An error in the screen itself.
        self.failure: BaseException | None = None
        report_alt_digits()
        super().__init__()
        # Attributes, because a query finds only widgets of the topmost screen, which may be the help.
        self._rooms = Static(id="rooms")
        self._here = Static(id="here")
        self._messages = MessageLog()
        self._below = Static(id="below")
        self._composer = Composer()
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
        return filters if self._colors else [*filters, Monochrome()]

    @override
    def compose(self) -> ComposeResult:
        yield from (self._rooms, self._here, self._messages, self._below, self._composer, self._connection)

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name
        for room in self._first_rooms:
            self._join(room)
        self.views.go(0)
        self._composer.focus()
        self.set_interval(1, self._show_connection)
        self._worker = self.run_worker(self._run_backend())

    async def _run_backend(self) -> None:
        await self._backend.run(self)
        self.exit()

    async def on_unmount(self) -> None:
        """Wait until the connection is closed: the worker is cancelled, the server should know at once."""
        if self._worker is not None:
            with suppress(WorkerCancelled, WorkerFailed):
                await self._worker.wait()

    # Output

    def changed(self) -> None:
        """Schedule one redraw for all changes until then: a flood of messages must not block the keys."""
        if not self._is_due:
            self._is_due = True
            self.set_timer(_FRAME, self._show)

    def _show(self, *, ahead: bool = False) -> None:
        self._is_due = False
        if not self._messages.is_attached:
            return
        self._rooms.update(status_lines.rooms_line(self.views.tabs()))
        view = self.views.active
        if view is None:
            return
        self._show_view(view, ahead=ahead)
        self._show_connection()

    def _show_view(self, view: RoomView, *, ahead: bool) -> None:
        log = self._messages
        log.show(list(view.transcript.rows(view.waiting)), ahead=ahead)
        if log.pinned:
            view.unseen = 0
        here = status_lines.here_line(_sorted(view), view.members.count, self._backend.me, self.size.width)
        self._here.update(here)
        self._below.update(status_lines.below_line(view.unseen, view.typists))

    def _show_connection(self) -> None:
        dot, words = self._backend.connection
        line = status_lines.connection_line(dot, words, _HINTS, self.size.width)
        self._connection.update(line)

    def count_message(self, view: RoomView) -> None:
        """Count a message of another user, if it is not visible."""
        if view is not self.views.active:
            view.unread += 1
        elif not self._messages.pinned:
            view.unseen += 1

    def older_came(self, view: RoomView) -> None:
        """Show older messages; the visible lines keep their place, and some older ones become visible."""
        if view is self.views.active:
            self._show(ahead=True)
            self._messages.page(-1)

    def on_resize(self) -> None:
        self.changed()

    # Input

    def on_composer_typed(self) -> None:
        self._warned = False
        if self.views.active is not None:
            self._backend.typing(self.views.active)

    def on_composer_entered(self, event: Composer.Entered) -> None:
        view = self.views.active
        meant = slash_commands.parse(event.line)
        match meant:
            case ChatText() if view is not None:
                self._say(view, meant.text)
            case SlashCommand():
                self._run_command(meant, view)
            case InvalidCommand():
                self._notify_room(meant.why)
        self.changed()

    def _say(self, view: RoomView, text: str) -> None:
        self._backend.say(view, text)
        self._messages.follow()

    def _run_command(self, command: SlashCommand, view: RoomView | None) -> None:
        match command.name:
            case "join":
                self._join(command.argument)
            case "leave":
                self._leave(self.views.get(command.argument) if command.argument else view)
            case "me" if view is not None:
                self._say(view, f"* {self._backend.me} {command.argument}")
            case "who" if view is not None:
                self._notify_room(f"{view.members.count} here: {', '.join(map(sanitize, _sorted(view)))}")
            case "nick":
                self._notify_room(slash_commands.NICK)
            case "help":
                self.action_help()
            case "quit":
                self._quit()

    def _notify_room(self, text: str) -> None:
        if self.views.active is not None:
            self.views.active.transcript.notice(text)
            self._messages.follow()

    def _join(self, room: str) -> None:
        view = self.views.open(room)
        self._messages.follow()
        self._backend.join(view)
        self.changed()

    def _leave(self, view: RoomView | None) -> None:
        if view is None:
            self._notify_room("You have not joined this room.")
            return
        self._backend.leave(view)
        self.views.close(view)
        if self.views.active is None:
            self._quit()

    # Keys

    def action_clear_or_quit(self) -> None:
        composer = self._composer
        if composer.value:
            composer.clear()
        else:
            self._quit()

    def _quit(self) -> None:
        """Quit, but ask first if messages would be lost."""
        unsent = sum(state is SendState.SENDING for view in self.views for _, state in view.waiting)
        if unsent and not self._warned:
            self._warned = True
            self._notify_room(
                f"{unsent} of your messages {'is' if unsent == 1 else 'are'} not sent yet. Repeat to quit."
            )
            self.changed()
        else:
            self.exit()

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_page(self, direction: int) -> None:
        log, view = self._messages, self.views.active
        if direction < 0 and log.at_top and view is not None and not view.loading:
            self._backend.older(view)
        log.page(direction)
        self.changed()

    def action_newest(self) -> None:
        self._messages.follow()
        self.changed()

    def action_step(self, by: int) -> None:
        self.views.step(by)
        self._other_room()

    def action_go(self, at: int) -> None:
        self.views.go(at)
        self._other_room()

    def _other_room(self) -> None:
        self._messages.follow()
        self.changed()


def _sorted(view: RoomView) -> list[str]:
    return sorted(view.members.names, key=str.casefold)
