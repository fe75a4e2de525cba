"""Print the settings: for `--show-settings`, and for the documentation."""

from __future__ import annotations

from service.settings.row import Row
from service.settings.table import Settings, rows


def show(settings: Settings) -> str:
    """Print the values of all settings, one on each line; secrets and passwords are not shown."""
    return "\n".join(f"{row.variable}={row.kind.show(getattr(settings, row.attribute))}" for row in rows())


def table() -> str:
    """Make the table of the documentation, in Markdown."""
    lines = ["| variable | default | allowed | |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *map(_line, rows())])


def _line(row: Row) -> str:
    default = row.kind.show(row.default)
    shown = f"`{default}`" if default and not row.kind.secret else "not set"
    cells = (f"`{row.variable}`", shown, row.kind.allowed, row.meaning)
    return "| " + " | ".join(cells) + " |"
