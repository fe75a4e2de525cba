"""The colours of the full-screen client, each with a contrast of at least 4.5 to the background."""

from typing import Final

from rich.style import Style
from textual.theme import Theme

from hubbub_cli.paint import shade

_DIM: Final = "#8b93a7"
_FAILED: Final = "#ff7b86"
_WARNING: Final = "#e8b45a"
_ACCENT: Final = "#7cc7ff"
_NICKS: Final = (
    "#8ad68f", "#e6c07b", "#c9a3ff", "#ff9e7a", "#6fd3d0",
    "#f29ac4", "#b5cf6b", "#89b4fa", "#d7a98c", "#7fd1a8",
)  # fmt: skip

THEME: Final = Theme(
    name="hubbub",
    primary=_ACCENT,
    secondary=_DIM,
    accent=_ACCENT,
    warning=_WARNING,
    error=_FAILED,
    success="#8ad68f",
    foreground="#d8dce6",
    background="#14161c",
    surface="#1c1f28",
    panel="#1c1f28",
    dark=True,
)

TEXT: Final = Style(color=THEME.foreground)
PALE: Final = Style(color=_DIM)
RULE: Final = Style(color="#5a6175")
WAITING: Final = Style(color=_DIM, italic=True)
FAILED: Final = Style(color=_FAILED)
MISSING: Final = Style(color=_WARNING)
ME: Final = Style(color=_ACCENT, bold=True)


def nick(name: str) -> Style:
    """Return the style of a name."""
    return Style(color=_NICKS[shade(name, len(_NICKS))], bold=True)
