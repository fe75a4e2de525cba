"""The help screen: keys and slash commands."""

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from typing_extensions import override

from hubbub_cli import slash_commands
from hubbub_cli.tui.keys import KEYS

_COLUMN: Final = 20
# Below this width an explanation stands under its key.
_NARROW: Final = 64


class HelpScreen(ModalScreen[None]):
    """Shows the tables until a key is pressed; the rooms and the connection stay visible."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen VerticalScroll {
        width: 78; max-width: 100%; height: auto; max-height: 100%;
        margin: 1 0; padding: 0 2; background: $surface; border: round $primary;
        border-title-color: $primary; border-title-style: bold;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,q,ctrl+c", "dismiss", show=False, priority=True),
        Binding("pageup,up", "scroll(-1)", show=False, priority=True),
        Binding("pagedown,down", "scroll(1)", show=False, priority=True),
    ]

    @override
    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "hubbub"
            yield Static()

    def on_resize(self) -> None:
        self.query_one(Static).update(_text(narrow=self.size.width < _NARROW))

    def action_scroll(self, direction: int) -> None:
        box = self.query_one(VerticalScroll)
        box.scroll_relative(y=direction * max(1, box.size.height - 1), animate=False)


def _text(*, narrow: bool) -> Content:
    rows = [(key.shown, key.does) for key in KEYS]
    commands = slash_commands.rows()
    end = Content.assemble(("PgDn scrolls, Esc closes this", "$secondary"))
    return Content("\n").join(
        [*_lines(rows, narrow), Content(""), *_lines(commands, narrow), Content(""), end]
    )


def _lines(rows: list[tuple[str, str]], narrow: bool) -> list[Content]:  # noqa: FBT001  it is private
    gap = "\n  " if narrow else ""
    return [
        Content.assemble((shown if narrow else f"{shown:{_COLUMN}}", "bold $primary"), gap, does)
        for shown, does in rows
    ]
