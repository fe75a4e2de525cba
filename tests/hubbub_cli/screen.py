"""Read the screen as plain text, and wait for its content."""

import asyncio
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot

from hubbub_cli.settings import load
from hubbub_cli.tui.app import ChatApp
from hubbub_cli.tui.composer import Composer
from hubbub_cli.tui.conversation import Conversation
from tests.hubbub_cli.server import Server

LIMIT = 10


def lines(app: App[None]) -> list[str]:
    """Return the lines of the screen without trailing blanks."""
    strips = app.screen._compositor.render_strips()  # noqa: SLF001 - Textual has no public way to read a screen
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def shown(app: App[None]) -> str:
    return "\n".join(lines(app))


async def enter(pilot: Pilot[None], text: str) -> None:
    """Paste a line, and press Enter."""
    pilot.app.query_one(Composer).insert(text)
    await pilot.press("enter")


async def until(pilot: Pilot[None], seen: Callable[[str], bool]) -> str:
    """Run the app until the screen has the expected content; return the screen."""
    try:
        async with asyncio.timeout(LIMIT):
            while not seen(shown(pilot.app)):
                await pilot.pause()
    except TimeoutError:
        raise AssertionError(shown(pilot.app)) from None
    return shown(pilot.app)


def chat(server: Server, *rooms: str, name: str = "ann") -> tuple[ChatApp, Conversation]:
    talk = Conversation(load({"server": server.url, "name": name}, {}))
    return ChatApp(talk, rooms), talk
