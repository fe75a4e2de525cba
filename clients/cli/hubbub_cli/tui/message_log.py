"""The log of a room: it renders only visible lines, and keeps its place whatever is added or dropped."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.events import MouseScrollDown, MouseScrollUp
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from typing_extensions import override

from hubbub_cli.tui.colours import Colours
from hubbub_cli.tui.row_rendering import render
from hubbub_cli.tui.rows import Row, is_line

_MOST_CACHED: Final = 20_000
# Rendered rows that are gone, before they are dropped.
MOST_FORGOTTEN: Final = 100
_WHEEL: Final = 3
_SELECTED: Final = Style(reverse=True)


@dataclass(frozen=True, slots=True)
class _Place:
    """The first line of the room in the view, and how far the top of the view is below its start."""

    row: int
    line: int


class MessageLog(ScrollView):
    """Shows rows. It follows new rows while its end is visible; otherwise it holds the row at its top."""

    DEFAULT_CSS = """
    MessageLog {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    can_focus = False

    class TopReached(Message):
        """The user scrolls above the first row."""

    def __init__(self) -> None:
        super().__init__()
        self.pinned = True
        self.colours = Colours(dark=True)
        self.selected: int | None = None
        self._rows: list[Row] = []
        self._starts: list[int] = [0]
        # By the id of a row, which may change; a row is compared, not hashed.
        self._rendered: dict[int, tuple[Row, list[Strip]]] = {}
        self._width = 0
        self._shown: tuple[str, int] | None = None
        # By so many lines the user scrolled above the first row, and went nowhere since.
        self._above = 0
        # The rows of the transcript; those after them are own messages in flight.
        self._settled = 0

    def show(self, version: tuple[str, int], rows: Sequence[Row], waiting: Sequence[Row]) -> None:
        """Show the rows of a room; with the same version, only those at the end are new."""
        place = self._place()
        if self._shown is None or self._shown[0] != version[0]:
            self._rendered.clear()  # rows of another room have the same ids
        if self._shown == version and self._settled <= len(rows):
            del self._rows[self._settled :]
            del self._starts[self._settled + 1 :]
            self._append(rows[self._settled :])
        else:
            self._shown = version
            self._rows, self._starts = [], [0]
            self._append(rows)
            self._forget()
        self._settled = len(self._rows)
        self._append(waiting)
        self._settle(place)

    def restyle(self, colours: Colours) -> None:
        self.colours = colours
        self._measure_again()

    def follow(self) -> None:
        """Scroll to the end, and follow new rows."""
        self.pinned = True
        self.selected = None
        self._above = 0
        self._settle(None)

    def page(self, direction: int) -> None:
        """Scroll up (-1) or down (1) by one page."""
        self.scroll_lines(direction * max(1, self.size.height - 2))

    def scroll_lines(self, lines: int) -> None:
        """Scroll up (negative) or down by some lines."""
        self._above = -lines if lines < 0 and self.scroll_y <= 0 else 0
        if self._above:
            self.post_message(self.TopReached())
        end = self.max_scroll_y
        target = min(max(0, self.scroll_y + lines), end)
        self.pinned = target >= end
        self._to(target)

    def scroll_above(self) -> None:
        """Scroll to rows that were inserted above, if the user is still waiting for them."""
        self._to(max(0, self.scroll_y - self._above))
        self._above = 0

    def step_to(self, rows: Sequence[int], by: int) -> None:
        """Select the next (1) or previous (-1) of some rows, from the selected one or the end."""
        at = self.selected
        if by > 0:
            found = next((row for row in rows if at is not None and row > at), None)
        else:
            found = next((row for row in reversed(rows) if at is None or row < at), None)
        if found is not None:
            self.to_row(found)

    def to_row(self, row: int) -> None:
        """Select a row, and show it in the middle."""
        at = next((at for at, one in enumerate(self._rows) if one.id == row), None)
        if at is not None:
            self.selected, self._above = row, 0
            line = min(max(0, self._starts[at] - self.size.height // 2), self.max_scroll_y)
            self.pinned = line >= self.max_scroll_y
            self._to(line)
            self.refresh()

    def _to(self, line: float) -> None:
        # Forced: without a scrollbar, as before the first overflow, nothing would scroll.
        self.scroll_to(y=line, animate=False, immediate=True, force=True)

    # Measures

    def _append(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._rows.append(row)
            self._starts.append(self._starts[-1] + len(self._render_row(row)))

    def _measure_again(self) -> None:
        self._rendered.clear()
        rows, self._rows, self._starts = self._rows, [], [0]
        self._append(rows)

    def _render_row(self, row: Row) -> list[Strip]:
        drawn = self._rendered.get(row.id)
        if drawn is None or drawn[0] != row:
            if len(self._rendered) > _MOST_CACHED:
                self._rendered.clear()
            drawn = self._rendered[row.id] = (row, render(row, self._width, self.colours))
        return drawn[1]

    def _forget(self) -> None:
        """Drop what was rendered of rows that are gone."""
        if len(self._rendered) > len(self._rows) + MOST_FORGOTTEN:
            here = {row.id for row in self._rows}
            self._rendered = {row: drawn for row, drawn in self._rendered.items() if row in here}

    def _place(self) -> _Place | None:
        """Return the place to hold; None while following."""
        if self.pinned or not self._rows:
            return None
        line = round(self.scroll_y)
        top = max(0, bisect_right(self._starts, line) - 1)
        # A day's row may belong to another message next time.
        at = next((at for at in range(top, len(self._rows)) if is_line(self._rows[at])), None)
        return None if at is None else _Place(self._rows[at].id, line - self._starts[at])

    def _settle(self, place: _Place | None) -> None:
        self.virtual_size = Size(self._width, self._starts[-1])
        if self.pinned:
            self.scroll_end(animate=False, immediate=True, force=True)
        elif place is not None:
            at = next((at for at, row in enumerate(self._rows) if row.id == place.row), None)
            # A row that was dropped was one of the oldest.
            self._to(0 if at is None else max(0, self._starts[at] + place.line))
        self.refresh()

    def on_resize(self) -> None:
        width = self.scrollable_content_region.width
        place = self._place()
        if width != self._width:
            self._width = width
            self._measure_again()
        self._settle(place)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.prevent_default()
        self.scroll_lines(-_WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.prevent_default()
        self.scroll_lines(_WHEEL)

    @override
    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        width = self.size.width
        if not 0 <= line < self._starts[-1]:
            return Strip.blank(width, self.rich_style)
        at = bisect_right(self._starts, line) - 1
        row = self._rows[at]
        strip = self._render_row(row)[line - self._starts[at]].adjust_cell_length(width)
        if row.id == self.selected:
            strip = strip.apply_style(_SELECTED)
        return strip.apply_style(self.rich_style)
