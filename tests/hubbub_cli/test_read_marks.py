"""The screen takes over what is unread, and moves the read mark of the user."""

import re
import time
from collections.abc import Iterator

import jwt
import pytest

from hubbub_cli.settings import load
from hubbub_cli.tui.app import ChatApp
from hubbub_cli.tui.conversation import Conversation
from hubbub_client import Client
from tests.hubbub_cli.screen import until
from tests.hubbub_cli.server import Server, serving

KEY = "k" * 32


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = str(tmp_path_factory.mktemp("data"))
    settings = {"HUBBUB_AUTH": "tokens", "HUBBUB_TOKEN_KEY": KEY, "HUBBUB_DATA": data}
    with serving(ARCHIVE_URL="sqlite:///chat.sqlite", **settings) as server:
        yield server


def token(user: str) -> str:
    return jwt.encode({"sub": user, "name": user, "exp": time.time() + 600}, KEY, algorithm="HS256")


def unread(screen: str) -> str:
    """Return the count at the second room of the list."""
    return re.sub(r"^2 room-\d+ *", "", screen.splitlines()[1][:18]).strip()


async def test_unread_messages_are_those_after_the_mark_of_the_user(archived: Server, room: str) -> None:
    async with (
        Client(archived.url, token=token("ann")) as phone,
        Client(archived.url, token=token("bob")) as bob,
    ):
        there = await bob.join(room)
        await there.send("long ago")
        mine = await phone.join(room)
        for text in ("one", "two @ann", "three"):
            await there.send(text)
        settings = load({"server": archived.url}, {"CHAT_TOKEN": token("ann")})
        app = ChatApp(Conversation(settings), ["lobby", room])
        async with app.run_test(size=(80, 24)) as pilot:
            # What was sent while no screen was open.
            await until(pilot, lambda screen: unread(screen) == "@1")
            await pilot.press("ctrl+n")
            screen = await until(pilot, lambda screen: "three" in screen)
            assert screen.index("long ago") < screen.index(" new messages ") < screen.index("one")
            # What is visible is read, on all devices.
            while mine.mark is None or mine.mark.unread:
                await pilot.pause()
            await pilot.press("ctrl+p")
            fourth = await there.send("four")
            await until(pilot, lambda screen: unread(screen) == "1")
            # What is read on another device is read here too.
            mine.read(fourth.position.offset)
            await until(pilot, lambda screen: unread(screen) == "")
