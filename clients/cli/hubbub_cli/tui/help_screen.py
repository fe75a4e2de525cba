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

KEYS: Final = (
    ("Enter", "send the line"),
    ("Up, Down", "recall earlier lines"),
    ("PgUp, PgDn", "scroll; at the top, PgUp loads older messages"),
    ("Esc", "go to the newest message"),
    ("Ctrl+N, Ctrl+P", "next room, previous room"),
    ("Alt+1 … Alt+9", "switch to a room by its number"),
    ("Ctrl+C", "clear the line; if it's empty, quit"),
    ("F1", "this help"),
)


class HelpScreen(ModalScreen[None]):
    """Shows the tables until a key is pressed; the rooms and the connection stay visible."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen VerticalScroll {
        width: 74; max-width: 100%; height: auto; max-height: 100%;
        margin: 1 0; padding: 0 2; background: $surface; border: round $primary;
        border-title-color: $primary; border-title-style: bold;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter,q,ctrl+c", "dismiss", show=False, priority=True)
    ]

    @override
    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = "hubbub"
            yield Static(_text())


def _text() -> Content:
    keys = [Content.assemble((f"{key:16}", "bold $primary"), does) for key, does in KEYS]
    commands = [Content.assemble((line[:16], "bold $primary"), line[16:]) for line in slash_commands.table()]
    end = Content.assemble(("Esc closes this", "$secondary"))
    return Content("\n").join([*keys, Content(""), *commands, Content(""), end])
