"""Several rooms on the screen, and the keys of the input."""

import re

import pytest
from textual.events import Paste
from textual.filter import NoColor

from hubbub_cli.settings import load
from hubbub_cli.tui.app import ChatApp
from hubbub_cli.tui.conversation import Conversation
from hubbub_cli.tui.room_sidebar import RoomSidebar
from hubbub_cli.tui.transcript import MOST_LINES
from hubbub_client import Client
from tests.hubbub_cli.screen import chat, enter, lines, until
from tests.hubbub_cli.server import Server


@pytest.mark.parametrize(("columns", "listed"), [(79, False), (80, True), (200, True)])
async def test_the_rooms_stand_at_the_left_where_there_is_space(
    server: Server,
    room: str,
    columns: int,
    listed: bool,  # noqa: FBT001  a parameter of pytest
) -> None:
    rooms = [f"{room}-{number}" for number in range(13)]
    app, _ = chat(server, *rooms)
    async with app.run_test(size=(columns, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await pilot.press("ctrl+p")
        screen = await until(pilot, lambda screen: f"{rooms[-1]}  1 here: ann" in screen)
        first = screen.splitlines()[0]
        assert first.startswith("1 " if listed else "<")
        assert (rooms[-1] in first) == (not listed or columns == 80) or columns == 200


async def test_messages_that_came_meanwhile_stand_behind_the_unread_line(server: Server, room: str) -> None:
    other = f"{room}-b"
    app, _ = chat(server, room, other)
    async with Client(server.url, name="bob") as bob:
        there = await bob.join(other)
        await there.send("before")
        async with app.run_test(size=(100, 24)) as pilot:
            await until(pilot, lambda screen: "online as ann" in screen and "1 here" in screen)
            await pilot.press("alt+2")
            await until(pilot, lambda screen: "before" in screen)
            await pilot.press("alt+1")
            await there.send("@ann meanwhile")
            await until(pilot, lambda screen: "@1" in screen)
            await pilot.press("alt+a")
            screen = await until(pilot, lambda screen: "meanwhile" in screen)
            assert re.search(r"before\n(?:.*bob.*\n)?.*─ new messages ─.*\n.*@ann meanwhile", screen)
            assert "@1" not in screen
            await pilot.press("alt+p")
            assert app.log_view.selected is not None


async def test_leaving_another_room_keeps_the_visible_one_and_each_draft_stays(
    server: Server, room: str
) -> None:
    names = [f"{room}-{letter}" for letter in "abc"]
    app, _ = chat(server, *names)
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await pilot.press("alt+3")
        await enter(pilot, f"/leave {names[0]}")
        await until(pilot, lambda screen: screen.startswith(f"1 {names[1]} ") and f"{names[2]}  1" in screen)
        await pilot.press(*"draft")
        await pilot.press("alt+1")
        await until(pilot, lambda screen: f"{names[1]}  1" in screen and "draft" not in screen)
        await pilot.press("alt+2")
        await until(pilot, lambda screen: "draft" in screen)


async def test_a_half_typed_line_survives_the_history(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await enter(pilot, "first")
        await pilot.press(*"half", "up")
        assert app.composer.text == "first"
        await pilot.press("down")
        assert app.composer.text == "half"


async def test_keys_of_the_input(server: Server, room: str) -> None:
    app, _ = chat(server, room, f"{room}-b")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await pilot.press("a", "alt+x", "alt+q", "ctrl+j", "b")
        assert app.composer.text == "a\nb"
        await pilot.press("ctrl+c", ":", "r", "o", "c", "tab")
        assert app.composer.text == "🚀 "
        await pilot.press("ctrl+c", "/", "m", "tab")
        await until(pilot, lambda screen: " /me  /mute" in screen)
        await pilot.press("tab")
        assert app.composer.text == "/mute "


async def test_many_pasted_lines_are_confirmed(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        for key, lines_ in (("escape", 1), ("enter", 12)):
            app.composer.post_message(Paste("\r\n".join(map(str, range(12)))))
            await until(pilot, lambda screen: "Insert 12 lines into the message?" in screen)
            await pilot.press(key)
            await until(pilot, lambda screen: "Insert 12 lines" not in screen)
            assert app.composer.text.count("\n") + 1 == lines_


async def test_a_room_is_found_by_typing(server: Server, room: str) -> None:
    app, _ = chat(server, room, "other")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await pilot.press("ctrl+k")
        await until(pilot, lambda screen: "Go to a room, or join one" in screen)
        await pilot.press(*"oth", "enter")
        await until(pilot, lambda screen: "other  1 here: ann" in screen)
        await pilot.press("ctrl+k", *f"{room}-new", "enter")
        await until(pilot, lambda screen: f"{room}-new  1 here: ann" in screen)
        await pilot.press("f2", *"previous room", "enter")
        await until(pilot, lambda screen: f"{room}  1 here: ann" in screen)


async def test_a_rejected_message_is_discarded_or_sent_again(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen and "1 here" in screen)
        app.backend.say(app.views.open(room), "x" * 4001)
        await until(pilot, lambda screen: "limit; /retry or /discard" in screen.replace("\n", ""))
        await enter(pilot, "/retry")
        await enter(pilot, "/discard")
        await until(pilot, lambda screen: "xxx" not in screen)
        await enter(pilot, "/discard")
        await until(pilot, lambda screen: "No message of yours was rejected here." in screen)


async def test_without_colours_nothing_is_painted(server: Server, room: str) -> None:
    talk = Conversation(load({"server": server.url, "name": "ann"}, {}))
    app = ChatApp(talk, [room], colors=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        assert isinstance(app.get_line_filters()[-1], NoColor)


async def test_the_log_is_bounded_and_never_claims_a_false_beginning(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen and "1 here" in screen)
        there = await bob.join(room)
        await there.send("the last one")
        view = app.views.open(room)
        for number in range(MOST_LINES):
            view.transcript.said("bob", f"number {number}.", 0)
        app.show()
        await pilot.press("pageup")
        top = lines(app)[3]
        for number in range(3):
            view.transcript.said("bob", f"later {number}.", 0)
        app.show()
        assert lines(app)[3] == top
        await pilot.press("escape")
        app.log_view.to_row(view.transcript.rows[0].id)
        await pilot.press("pageup")
        screen = await until(pilot, lambda screen: "Older messages are not shown here" in screen)
        assert "beginning of the room" not in screen


async def test_a_click_goes_to_a_room_and_a_muted_one_is_not_counted(server: Server, room: str) -> None:
    other = f"{room}-b"
    app, _ = chat(server, room, other)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(100, 24)) as pilot:
        there = await bob.join(other)
        await until(pilot, lambda screen: "online as ann" in screen and "1 here" in screen)
        await pilot.click(RoomSidebar, offset=(2, 1))
        await until(pilot, lambda screen: f"{other}  2 here" in screen)
        await enter(pilot, "/mute")
        await until(pilot, lambda screen: "This room is muted" in screen)
        await pilot.click(RoomSidebar, offset=(2, 0))
        await until(pilot, lambda screen: f"{room}  1 here" in screen)
        await there.send("unheard")
        view = app.views.get(other)
        assert view is not None
        await until(pilot, lambda _: view.unread == 1)
        assert lines(app)[1][:18].strip() == f"2 {other}"
        await pilot.press("ctrl+n")
        await until(pilot, lambda screen: "unheard" in screen)
        await enter(pilot, "/mute")
        await until(pilot, lambda screen: "This room is counted again" in screen)


async def test_the_rooms_to_join_are_listed(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(100, 24)) as pilot:
        await bob.join(f"{room}-listed")
        await until(pilot, lambda screen: "1 here" in screen)
        await enter(pilot, f"/rooms {room}-l")
        await until(pilot, lambda screen: f"{room}-listed, 1 here" in screen)
        await enter(pilot, "/rooms no such")
        await until(pilot, lambda screen: "There are no rooms to list." in screen)
