"""The settings in print."""

from __future__ import annotations

from service.settings import load, show, table
from service.settings.table import rows

SECRET = "a secret of more than thirty-two bytes"
TOKENS = {"HUBBUB_AUTH": "tokens", "HUBBUB_TOKEN_KEY": SECRET}
ROWS = tuple(rows())


def test_all_settings_are_shown_and_no_secret_is() -> None:
    shown = show(load({**TOKENS, "HUBBUB_PORT": "81"})).splitlines()
    assert [line.split("=")[0] for line in shown] == [row.variable for row in ROWS]
    assert "HUBBUB_PORT=81" in shown
    assert "HUBBUB_TOKEN_KEY=(set)" in shown
    assert "HUBBUB_API_KEY=(not set)" in shown


def test_what_is_shown_can_be_set_again() -> None:
    settings = load({"HUBBUB_ORIGINS": "https://a.org https://b.org", "HUBBUB_BROKER_TIMEOUT": "0.25"})
    lines = dict(line.split("=", 1) for line in show(settings).splitlines())
    assert load({name: value for name, value in lines.items() if value != "(not set)"}) == settings


def test_the_documentation_has_a_line_for_each_setting() -> None:
    lines = table().splitlines()
    assert len(lines) == len(ROWS) + 2
    assert all(line.count("|") == 5 for line in lines)
    assert any(
        line.startswith("| `HUBBUB_PORT` | `8000` | a whole number from 0 to 65535 |") for line in lines
    )
