"""The input: several lines, a history of earlier ones, completion, and $EDITOR."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import click
from textual import events
from textual.message import Message
from textual.widgets import TextArea
from typing_extensions import override

from hubbub_cli.line_ends import with_newlines
from hubbub_cli.tui.completion import Completion, Vocabulary, complete
from hubbub_cli.tui.input_history import InputHistory
from hubbub_cli.tui.keys import ACTIONS
from hubbub_cli.tui.question import Question

# A paste of more lines is confirmed first.
_UNASKED: Final = 10
_EMPTY: Final = "Write a message; /help lists the commands"
_ACTIONS: Final = {
    "enter": "submit",
    "alt+enter": "new_line",
    "shift+enter": "new_line",
    "ctrl+j": "new_line",
    "tab": "complete",
    "ctrl+c": "app.clear_or_quit",
    **{key: f"app.{action}" for key, action in ACTIONS.items()},
}


class Composer(TextArea):
    """An input that grows with its lines. Enter sends it; Up and Down at its edges recall earlier ones.

    Up in an empty input edits the last own message; once more, it recalls.
    """

    DEFAULT_CSS = """
    Composer, Composer:focus {
        border: none; height: auto; min-height: 1; max-height: 6; padding: 0 1;
        background: $background; color: $foreground;
        & .text-area--placeholder { color: $secondary; }
        & .text-area--cursor-line { background: $background; }
    }
    """

    @dataclass
    class Typed(Message):
        """The user is typing a message."""

    @dataclass
    class Candidates(Message):
        """What the word can be completed to; empty when it is done."""

        names: tuple[str, ...]

    def __init__(
        self,
        vocabulary: Callable[[], Vocabulary],
        entered: Callable[[str], None],
        edit_last: Callable[[], bool],
    ) -> None:
        super().__init__(
            placeholder=_EMPTY,
            compact=True,
            highlight_cursor_line=False,
            show_line_numbers=False,
        )
        self._vocabulary = vocabulary
        # Called, not posted: the next key may go to another room.
        self._entered = entered
        # Puts the last own message into the input, if there is one.
        self._edit_last = edit_last
        self._past = InputHistory()
        self._completion: Completion | None = None
        self._candidate = 0
        self._chord = False

    def on_resize(self, event: events.Resize) -> None:
        self.placeholder = _EMPTY if event.size.width > len(_EMPTY) + 1 else _EMPTY.partition(";")[0]

    # Keys

    async def on_key(self, event: events.Key) -> None:
        """Execute what a key means, in the order of the keys; the text area gets the rest."""
        chord, self._chord = self._chord, event.key == "ctrl+x"
        if event.key != "tab":
            self._end_completion()
        action = "write_in_editor" if chord and event.key == "ctrl+e" else _ACTIONS.get(event.key)
        # Alt and a letter without an action would type the letter.
        if action is not None or self._chord or event.key.startswith("alt+"):
            event.stop()
            event.prevent_default()
        if action is not None:
            await self.run_action(action)

    def action_submit(self) -> None:
        line = self.text
        if line.strip():
            self._past.entered(line)
            self.clear()
            self._entered(line)

    def action_new_line(self) -> None:
        self.insert("\n")

    @override
    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_location[0] == 0 and not select:
            if self.text or not self._edit_last():
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

    def action_write_in_editor(self) -> None:
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
        if text.count("\n") < _UNASKED:
            self.insert(text)
            return

        def answered(yes: bool | None) -> None:  # noqa: FBT001  a callback of Textual
            if yes:
                self.insert(text)

        count = text.count("\n") + 1
        self.app.push_screen(Question(f"Insert {count} lines into the message?"), answered)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self.text and not self.text.startswith("/"):
            self.post_message(self.Typed())
