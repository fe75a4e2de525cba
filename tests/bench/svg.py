"""Common parts of all plots: SVG that is readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.small{font-size:11px;fill:#57606a}"
    ".title{font-weight:600;font-size:14px}.axis{stroke:#8c959f}"
)
_DARK: Final = "text{fill:#e6edf3}.small{fill:#9198a1}"


def picture(width: float, height: float, title: str, parts: Iterable[str], *, style: str, dark: str) -> str:
    """Return the parts as one SVG; `style` and `dark` are their own style rules, and those for dark pages."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}{style}@media(prefers-color-scheme:dark){{{_DARK}{dark}}}</style>",
            f'<text class="title" x="8" y="20">{escape(title)}</text>',
            *parts,
            "</svg>",
            "",
        ]
    )


def text(x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> str:
    """Return a text at a position."""
    attributes = f' class="{kind}"' if kind else ""
    return f'<text{attributes} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(said)}</text>'
