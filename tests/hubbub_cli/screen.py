"""A screen as plain text, and waiting for what it is to show."""

import asyncio
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

from hubbub_cli.tui.composer import Composer

LIMIT = 10


def lines(app: App[None]) -> list[str]:
    """Give what is on the screen, without the blanks at the ends of lines."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001 - there's no other way to see a screen
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def shown(app: App[None]) -> str:
    return "\n".join(lines(app))


async def enter(pilot: Pilot[None], text: str) -> None:
    """Paste a line, and press Enter."""
    pilot.app.query_one(Composer).insert_text_at_cursor(text)
    await pilot.press("enter")


async def until(pilot: Pilot[None], seen: Callable[[str], bool]) -> str:
    """Let the app run until the screen shows it; returns the screen."""
    try:
        async with asyncio.timeout(LIMIT):
            while not seen(shown(pilot.app)):
                await pilot.pause()
    except TimeoutError:
        raise AssertionError(shown(pilot.app)) from None
    return shown(pilot.app)
