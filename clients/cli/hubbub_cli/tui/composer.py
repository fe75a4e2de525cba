"""The line to type in: with what was typed before, and pasted lines kept as lines."""

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input
from typing_extensions import override

# Stands for a line end, which this line can't show.
RETURN: Final = "⏎"
_MOST_REMEMBERED: Final = 200


class Composer(Input):
    """An input whose Up and Down go through the lines of this session."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "remember(-1)", show=False),
        Binding("down", "remember(1)", show=False),
        Binding("ctrl+c", "app.clear_or_quit", show=False, priority=True),
    ]

    @dataclass
    class Entered(Message):
        """A line was entered."""

        line: str

    @dataclass
    class Typed(Message):
        """Somebody types something that's meant for the room."""

    def __init__(self) -> None:
        super().__init__(placeholder="Say something; /help lists the commands", select_on_focus=False)
        self._past: list[str] = []
        self._at = 0

    def action_remember(self, step: int) -> None:
        """Show the line before or behind the one that is shown; what was begun stands at the end."""
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
        # Input's own takes the first line and drops the others.
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(event.text.strip("\r\n").replace("\r\n", "\n").replace("\n", RETURN))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value and not event.value.startswith("/"):
            self.post_message(self.Typed())
