"""The colours of the full-screen client, for a dark and a light terminal.

Each has a contrast of at least 4.5 to its background. What a colour says, an attribute or a sign says too,
for terminals without colours.
"""

import re
from dataclasses import dataclass
from typing import Final

from rich.style import Style
from textual.theme import Theme

from hubbub_cli.paint import shade


@dataclass(frozen=True, slots=True, kw_only=True)
class _Palette:
    """The colours of one background."""

    dark: bool
    foreground: str
    background: str
    surface: str
    dim: str
    rule: str
    accent: str
    warning: str
    failed: str
    good: str
    nicks: tuple[str, ...]


_DARK: Final = _Palette(
    dark=True,
    foreground="#d8dce6",
    background="#14161c",
    surface="#1c1f28",
    dim="#8b93a7",
    rule="#5a6175",
    accent="#7cc7ff",
    warning="#e8b45a",
    failed="#ff7b86",
    good="#8ad68f",
    nicks=(
        "#8ad68f", "#e6c07b", "#c9a3ff", "#ff9e7a", "#6fd3d0",
        "#f29ac4", "#b5cf6b", "#89b4fa", "#d7a98c", "#7fd1a8",
    ),
)  # fmt: skip
_LIGHT: Final = _Palette(
    dark=False,
    foreground="#20242e",
    background="#fbfbfa",
    surface="#eceef2",
    dim="#5c6373",
    rule="#a2a9b8",
    accent="#0a5ea8",
    warning="#8a5300",
    failed="#b3202e",
    good="#1f6f2b",
    nicks=(
        "#1f6f2b", "#7a5600", "#6a3fb5", "#a3401a", "#0f6b6b",
        "#a0286b", "#55690f", "#1f56b0", "#7d4a2a", "#1b6b48",
    ),
)  # fmt: skip

# For terminals with sixteen colours: those above would become one or two of them. Red marks errors.
_FEW_DARK: Final = (
    "bright_green",
    "bright_yellow",
    "bright_blue",
    "bright_magenta",
    "bright_cyan",
    "green",
    "cyan",
)
_FEW_LIGHT: Final = ("green", "blue", "magenta", "cyan", "bright_blue", "bright_magenta")


def _theme(name: str, palette: _Palette) -> Theme:
    return Theme(
        name=name,
        primary=palette.accent,
        secondary=palette.dim,
        accent=palette.accent,
        warning=palette.warning,
        error=palette.failed,
        success=palette.good,
        foreground=palette.foreground,
        background=palette.background,
        surface=palette.surface,
        panel=palette.surface,
        dark=palette.dark,
    )


_PRINTABLE: Final = re.compile(r"https?://[!-~]+")
THEMES: Final = (_theme("hubbub-dark", _DARK), _theme("hubbub-light", _LIGHT))


class Colours:
    """The styles of rows."""

    def __init__(self, *, dark: bool, files_at: str = "") -> None:
        palette = _DARK if dark else _LIGHT
        self.theme = THEMES[0 if dark else 1].name
        self.text = Style(color=palette.foreground)
        self.pale = Style(color=palette.dim)
        self.rule = Style(color=palette.rule)
        self.waiting = Style(color=palette.dim, italic=True)
        self.mention = Style(color=palette.warning, bold=True)
        self.unread = Style(color=palette.warning, bold=True)
        self.failed = Style(color=palette.failed, bold=True)
        self.missing = Style(color=palette.warning)
        self.reply = Style(color=palette.accent)
        self.me = Style(color=palette.accent, bold=True)
        self._dark = dark
        self._accent = palette.accent
        self._files_at = files_at
        self._nicks: tuple[str, ...] = palette.nicks
        self._given: dict[str, int] = {}

    def use_sixteen(self) -> None:
        """Color names with the colours that the terminal itself defines."""
        self._nicks = _FEW_DARK if self._dark else _FEW_LIGHT

    def file(self, path: str) -> Style:
        """Return the style of a file, which a terminal can open."""
        address = f"{self._files_at}/{path}"
        # It becomes part of a control sequence.
        return Style(
            color=self._accent, underline=True, link=address if _PRINTABLE.fullmatch(address) else None
        )

    def nick(self, name: str) -> Style:
        """Return the style of a name. The first names have different colours, the others any."""
        number = self._given.get(name)
        if number is None:
            count = len(self._nicks)
            number = own = shade(name, count)
            if len(self._given) < count:
                taken = self._given.values()
                number = next(at % count for at in range(own, own + count) if at % count not in taken)
                self._given[name] = number
        return Style(color=self._nicks[number], bold=True)
