"""A question that Enter confirms and Esc declines."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override


class Question(ModalScreen[bool]):
    """Shows a question; its result is whether it was confirmed."""

    DEFAULT_CSS = """
    Question { align: center middle; background: $background 60%; }
    Question Static {
        width: 60; max-width: 100%; height: auto; padding: 0 1;
        background: $surface; border: round $primary;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", show=False, priority=True),
        Binding("escape,n,ctrl+c", "answer(False)", show=False, priority=True),
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    @override
    def compose(self) -> ComposeResult:
        yield Static(f"{self._text}\nEnter: yes · Esc: no", markup=False)

    def action_answer(self, yes: bool) -> None:  # noqa: FBT001  an action's argument is positional
        self.dismiss(yes)
