"""The input line, with a history of earlier lines and support for pasted line breaks."""

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input
from typing_extensions import override

from hubbub_cli.line_ends import with_newlines

# Represents a line break in the one-line input.
RETURN: Final = "⏎"
_MOST_REMEMBERED: Final = 200


class Composer(Input):
    """An input with Up and Down for the history of this session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", show=False),
        Binding("down", "recall(1)", show=False),
        Binding("ctrl+c", "app.clear_or_quit", show=False, priority=True),
    ]

    @dataclass
    class Entered(Message):
        """A line was entered."""

        line: str

    @dataclass
    class Typed(Message):
        """The user is typing a message."""

    def __init__(self) -> None:
        super().__init__(placeholder="Write a message; /help lists the commands", select_on_focus=False)
        self._past: list[str] = []
        self._at = 0

    def action_recall(self, step: int) -> None:
        """Show the previous or next line of the history; the line being written is last."""
        at = min(max(0, self._at + step), len(self._past))
        if at != self._at:
            self._at = at
            self.value = self._past[at] if at < len(self._past) else ""
            self.cursor_position = len(self.value)

    @override
    async def action_submit(self) -> None:
        line = self.value
        if not line.strip():
            return
        self._past = [*self._past, line][-_MOST_REMEMBERED:]
        self.clear()
        self._at = len(self._past)
        self.post_message(self.Entered(line.replace(RETURN, "\n")))

    @override
    def _on_paste(self, event: events.Paste) -> None:
        # Input's handler would keep only the first line.
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(with_newlines(event.text).strip("\n").replace("\n", RETURN))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value and not event.value.startswith("/"):
            self.post_message(self.Typed())
