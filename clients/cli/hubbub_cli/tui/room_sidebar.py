"""The list of rooms at the left, with their unread counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from typing_extensions import override

from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.status_lines import Tab, counts

_MOST_NUMBERED: Final = 9


class RoomSidebar(Widget):
    """Shows one room a line; the visible one stays in view. A click goes to a room."""

    DEFAULT_CSS = """
    RoomSidebar { width: 20; height: 1fr; background: $surface; padding: 0 0 0 0; }
    """
    can_focus = False

    @dataclass
    class Chosen(Message):
        """The room of this number was clicked."""

        number: int

    def __init__(self) -> None:
        super().__init__()
        self._tabs: Sequence[Tab] = ()
        self._top = 0

    def show(self, tabs: Sequence[Tab]) -> None:
        self._tabs = tabs
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Chosen(self._top + event.y))

    @override
    def render(self) -> Content:
        height = max(1, self.size.height)
        active = next((at for at, tab in enumerate(self._tabs) if tab.active), 0)
        self._top = min(max(self._top, active - height + 1), active, max(0, len(self._tabs) - height))
        shown = self._tabs[self._top : self._top + height]
        return Content("\n").join(
            room_line(tab, number, self.size.width) for number, tab in enumerate(shown, self._top + 1)
        )


def room_line(tab: Tab, number: int, width: int) -> Content:
    """Render a room: its number, its name, and what is unread at the right."""
    lead = f"{number} " if number <= _MOST_NUMBERED else "  "
    unread, style = counts(tab)
    room = width - cell_len(lead) - cell_len(unread) - 2
    name = sanitize(tab.name)
    name = name if cell_len(name) <= room else set_cell_size(name, room - 1) + "…"
    gap = " " * max(1, width - cell_len(lead) - cell_len(name) - cell_len(unread) - 1)
    look = "bold reverse $primary" if tab.active else "bold $foreground" if tab.unread else "$secondary"
    return Content.assemble((f"{lead}", "$secondary"), (f"{name}", look), gap, (unread, style), " ")
