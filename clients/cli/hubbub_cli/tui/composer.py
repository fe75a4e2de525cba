"""The input: several lines, a history of earlier ones, completion, and $EDITOR."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

import click
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea
from typing_extensions import override

from hubbub_cli.line_ends import with_newlines
from hubbub_cli.tui.completion import Completion, Vocabulary, complete
from hubbub_cli.tui.input_history import InputHistory

# A paste of more lines is confirmed first.
_UNASKED: Final = 10


class Composer(TextArea):
    """An input that grows with its lines. Enter sends it; Up and Down at its edges recall earlier ones."""

    DEFAULT_CSS = """
    Composer, Composer:focus {
        border: none; height: auto; min-height: 1; max-height: 6; padding: 0 1;
        background: $background; color: $foreground;
        & .text-area--placeholder { color: $secondary; }
        & .text-area--cursor-line { background: $background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", show=False, priority=True),
        Binding("alt+enter,ctrl+j,shift+enter", "new_line", show=False, priority=True),
        Binding("tab", "complete", show=False, priority=True),
        Binding("ctrl+c", "app.clear_or_quit", show=False, priority=True),
    ]

    @dataclass
    class Entered(Message):
        """A message or a command was entered."""

        line: str

    @dataclass
    class Typed(Message):
        """The user is typing a message."""

    @dataclass
    class Candidates(Message):
        """What the word can be completed to; empty when it is done."""

        names: tuple[str, ...]

    @dataclass
    class ManyLines(Message):
        """Many lines were pasted; they are not inserted yet."""

        text: str

    def __init__(self, vocabulary: Callable[[], Vocabulary]) -> None:
        super().__init__(
            placeholder="Write a message; /help lists the commands",
            compact=True,
            highlight_cursor_line=False,
            show_line_numbers=False,
        )
        self._vocabulary = vocabulary
        self._past = InputHistory()
        self._completion: Completion | None = None
        self._candidate = 0
        self._chord = False

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Handle what the text area would not, or would type."""
        chord, self._chord = self._chord, event.key == "ctrl+x"
        if event.key != "tab":
            self._end_completion()
        if chord and event.key == "ctrl+e":
            self.write_in_editor()
        elif not self._chord and not event.key.startswith("alt+"):
            return
        # Alt and a letter without a binding would type the letter.
        event.stop()
        event.prevent_default()

    def action_submit(self) -> None:
        line = self.text
        if line.strip():
            self._past.entered(line)
            self.clear()
            self.post_message(self.Entered(line))

    def action_new_line(self) -> None:
        self.insert("\n")

    @override
    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_location[0] == 0 and not select:
            self._recall(-1)
        else:
            super().action_cursor_up(select)

    @override
    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_location[0] == self.document.line_count - 1 and not select:
            self._recall(1)
        else:
            super().action_cursor_down(select)

    def _recall(self, step: int) -> None:
        line = self._past.step(step, self.text)
        if line is not None:
            self.put(line)

    def put(self, text: str) -> None:
        """Replace the content; the cursor is at its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)

    def write_in_editor(self) -> None:
        """Write the content in the editor of the user."""
        with self.app.suspend():
            text = click.edit(self.text, extension=".txt")
        self.app.refresh()
        if text is not None:
            self.put(with_newlines(text).rstrip("\n"))

    # Completion

    def action_complete(self) -> None:
        """Complete the word before the cursor; again for the next candidate."""
        if self._completion is None:
            row, column = self.cursor_location
            self._completion = complete(self.document[row][:column], self._vocabulary())
            self._candidate = -1
        if not self._completion.candidates:
            self._end_completion()
            return
        self._candidate = (self._candidate + 1) % len(self._completion.candidates)
        row, column = self.cursor_location
        self.replace(
            self._completion.candidates[self._candidate], (row, self._completion.start), (row, column)
        )
        if len(self._completion.candidates) == 1:
            self._end_completion()
        else:
            first = self._completion.candidates[self._candidate :]
            self.post_message(self.Candidates(tuple(name.strip() for name in first)))

    def _end_completion(self) -> None:
        if self._completion is not None:
            self._completion = None
            self.post_message(self.Candidates(()))

    # Text

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        text = with_newlines(event.text).strip("\n")
        if text.count("\n") >= _UNASKED:
            self.post_message(self.ManyLines(text))
        else:
            self.insert(text)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.text and not self.text.startswith("/"):
            self.post_message(self.Typed())
