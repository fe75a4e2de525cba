"""The visible room: its members, its log, and the input below."""

from collections.abc import Callable
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from typing_extensions import override

from hubbub_cli.tui import status_lines
from hubbub_cli.tui.chat_backend import ChatBackend
from hubbub_cli.tui.completion import Vocabulary
from hubbub_cli.tui.composer import Composer
from hubbub_cli.tui.message_log import MessageLog
from hubbub_cli.tui.room_views import RoomView
from hubbub_cli.tui.rows import waiting_rows

_OLDER: Final = "Older messages are not shown here; hubbub-chat history prints them."


class RoomPane(Vertical):
    """Shows one room."""

    DEFAULT_CSS = """
    RoomPane { width: 1fr; }
    RoomPane #here { height: 1; background: $surface; }
    RoomPane #below { height: 1; }
    """

    def __init__(
        self,
        vocabulary: Callable[[], Vocabulary],
        entered: Callable[[str], None],
        edit_last: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.log_view = MessageLog()
        self.composer = Composer(vocabulary, entered, edit_last)
        self._here = Static(id="here")
        self._below = Static(id="below")
        self._candidates: tuple[str, ...] = ()
        self._view: RoomView | None = None

    @override
    def compose(self) -> ComposeResult:
        yield from (self._here, self.log_view, self._below, self.composer)

    def show(self, view: RoomView, backend: ChatBackend) -> None:
        """Draw the current state of a room. What is visible in a terminal with the focus is read."""
        me = backend.me
        log, transcript = self.log_view, view.shown
        self._view = view
        transcript.trim(following=log.pinned)
        place = view.name if view.thread is None else f"{view.name} {view.thread.root.offset}"
        log.show((place, transcript.version), transcript.rows, waiting_rows(me, view.waiting))
        if log.pinned and view.thread is None:
            view.unseen = 0
            if self.app.app_focus:
                backend.read(view)
        names = sorted(view.members.names, key=str.casefold)
        members, width = view.members, log.size.width
        line = status_lines.here_line(view.name, names, members.count, me, width, away=members.away)
        line += Content.assemble(status_lines.topic_words(view.topic, log.size.width - line.cell_length))
        if view.thread is not None:
            line = status_lines.thread_line(view.name, view.thread.title, log.size.width)
        self._here.update(line)
        self._show_below(view)

    def _show_below(self, view: RoomView) -> None:
        self._below.update(status_lines.below_line(view.unseen, view.typists, self._candidates))

    def end_history(self, view: RoomView, backend: ChatBackend) -> None:
        """Mark where the history ends that is kept here."""
        if view.transcript.begins(_OLDER):
            self.show(view, backend)
            self.log_view.scroll_above()

    def on_composer_candidates(self, event: Composer.Candidates) -> None:
        self._candidates = event.names
        if self._view is not None:
            self._show_below(self._view)
