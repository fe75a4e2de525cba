"""The log of a room: it renders only visible lines, and keeps its place when older lines are inserted."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from typing_extensions import override

from hubbub_cli.tui.row_rendering import render
from hubbub_cli.tui.transcript import Row

_MOST_CACHED: Final = 20_000


class MessageLog(ScrollView):
    """Shows rows. It follows new rows while its end is visible; otherwise it keeps its scroll position."""

    DEFAULT_CSS = """
    MessageLog {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self.pinned = True
        self._rows: Sequence[Row] = ()
        self._starts: list[int] = [0]
        self._rendered: dict[Row, list[Strip]] = {}
        self._width = 0

    def show(self, rows: Sequence[Row], *, ahead: bool = False) -> None:
        """Replace the rows. `ahead`: the new rows are above the visible ones."""
        before = self._height
        self._rows = rows
        self._measure()
        if ahead and not self.pinned:
            self.scroll_to(y=self.scroll_y + self._height - before, animate=False, immediate=True, force=True)
        self._settle()

    def follow(self) -> None:
        """Scroll to the end, and follow new rows."""
        self.pinned = True
        self._settle()

    def page(self, direction: int) -> None:
        """Scroll up (-1) or down (1) by one page."""
        page = max(1, self.size.height - 2)
        end = self.max_scroll_y
        target = min(max(0, self.scroll_y + direction * page), end)
        self.pinned = target >= end
        self.scroll_to(y=target, animate=False, immediate=True, force=True)

    @property
    def at_top(self) -> bool:
        return self.scroll_y <= 0

    @property
    def _height(self) -> int:
        return self._starts[-1]

    def _measure(self) -> None:
        if len(self._rendered) > _MOST_CACHED:
            self._rendered.clear()
        heights = (len(self._render_row(row)) for row in self._rows)
        self._starts = list(accumulate(heights, initial=0))
        self.virtual_size = Size(self._width, self._height)
        self.refresh()

    def _render_row(self, row: Row) -> list[Strip]:
        drawn = self._rendered.get(row)
        if drawn is None:
            drawn = self._rendered[row] = render(row, self._width)
        return drawn

    def _settle(self) -> None:
        # Forced: without a scrollbar, as before the first overflow, nothing would scroll.
        if self.pinned:
            self.scroll_end(animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        width = self.scrollable_content_region.width
        if width != self._width:
            top = max(0, bisect_right(self._starts, round(self.scroll_y)) - 1)
            self._width = width
            self._rendered.clear()
            self._measure()
            self.scroll_to(
                y=self._starts[min(top, len(self._rows))], animate=False, immediate=True, force=True
            )
        self._settle()

    def on_mouse_scroll_up(self) -> None:
        self.pinned = self.max_scroll_y == 0

    def on_mouse_scroll_down(self) -> None:
        self.pinned = self.scroll_y + 3 >= self.max_scroll_y

    @override
    def render_line(self, y: int) -> Strip:
        line = self.scroll_offset.y + y
        width = self.size.width
        if not 0 <= line < self._height:
            return Strip.blank(width, self.rich_style)
        row = bisect_right(self._starts, line) - 1
        strip = self._render_row(self._rows[row])[line - self._starts[row]]
        return strip.adjust_cell_length(width).apply_style(self.rich_style)
