"""A list to choose from by typing: rooms, and commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list: `value` is the result, `note` stands at its side."""

    value: str
    text: str
    note: str = ""


def ranked(choices: Sequence[Choice], typed: str) -> list[Choice]:
    """Return the choices that have the letters in this order; those with the words together come first."""
    folded = typed.casefold().replace(" ", "")
    found = [(choice, _rank(choice.text.casefold(), folded)) for choice in choices]
    return [choice for choice, rank in sorted(found, key=lambda one: one[1]) if rank < _NEVER]


_NEVER = 1_000_000


def _rank(text: str, typed: str) -> int:
    """Return 0 for a text that starts so, then by where the letters stand together, then by their spread."""
    together = text.replace(" ", "").find(typed)
    if together >= 0:
        return together
    at = first = -1
    for letter in typed:
        at = text.find(letter, at + 1)
        if at < 0:
            return _NEVER
        first = at if first < 0 else first
    return 1000 + at - first


class Picker(ModalScreen[str | None]):
    """Shows the choices, and returns the one that is chosen; with `free`, also another text."""

    DEFAULT_CSS = """
    Picker { align: center middle; background: $background 60%; }
    Picker Vertical {
        width: 60; max-width: 100%; height: auto; max-height: 100%;
        margin: 1 0; padding: 0 1; background: $surface; border: round $primary;
        border-title-color: $primary; border-title-style: bold;
    }
    Picker.wide Vertical { width: 100; }
    Picker Input, Picker Input:focus { border: none; height: 1; padding: 0; background: $surface; }
    Picker OptionList, Picker OptionList:focus {
        border: none; height: auto; max-height: 14; padding: 0; background: $surface;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "dismiss", show=False, priority=True),
        Binding("up", "step(-1)", show=False, priority=True),
        Binding("down", "step(1)", show=False, priority=True),
    ]

    def __init__(
        self, title: str, choices: Sequence[Choice], *, free: bool = False, wide: bool = False
    ) -> None:
        super().__init__(classes="wide" if wide else None)
        self._heading = title
        self._choices = choices
        self._free = free
        self._options = OptionList()

    @override
    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = self._heading
            yield Input(placeholder="type to search; Enter chooses, Esc closes")
            yield self._options

    def on_mount(self) -> None:
        self._show("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def _show(self, typed: str) -> None:
        self._options.clear_options()
        for choice in ranked(self._choices, typed):
            line = Content.assemble(choice.text, (f"  {choice.note}", "$secondary") if choice.note else "")
            self._options.add_option(Option(line, id=choice.value))
        self._options.highlighted = 0 if self._options.option_count else None

    def action_step(self, by: int) -> None:
        if by > 0:
            self._options.action_cursor_down()
        else:
            self._options.action_cursor_up()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        at = self._options.highlighted
        if at is not None:
            self.dismiss(self._options.get_option_at_index(at).id)
        elif self._free and event.value.strip():
            self.dismiss(event.value.strip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)
