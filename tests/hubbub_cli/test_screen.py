"""The full screen against a server: its content, and its keys."""

import re
from contextlib import AsyncExitStack

import pytest
from textual.containers import VerticalScroll

from hubbub_cli.tui.messages import OlderLoaded
from hubbub_client import Client
from tests.hubbub_cli.screen import chat, enter, lines, until
from tests.hubbub_cli.server import Server, serving


def timeless(screen: list[str]) -> list[str]:
    """Remove the time, so that the screen is the same every day."""
    without_clock = [re.sub(r"\d\d:\d\d", "14:02", line) for line in screen]
    return [re.sub(r"─+ \w+, \d+ \w+ \d+ ─+", "─ Monday, 23 November 2026 ─", line) for line in without_clock]


async def test_a_conversation_looks_like_this(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, AsyncExitStack() as screens:
        there = await bob.join(room)
        await there.send(
            "hello, this is a message that is long enough to be wrapped at the edge of the screen"
        )
        await there.send("\x1b[2J[bold]no markup[/bold]\u202e")
        pilot = await screens.enter_async_context(app.run_test(size=(80, 24)))
        await until(
            pilot, lambda screen: "online as ann" in screen and "no markup" in screen and "2 here" in screen
        )
        await enter(pilot, "hi bob")
        await until(pilot, lambda screen: re.search(r"\d\d:\d\d +ann hi bob\n", screen) is not None)
        there.typing()
        await until(pilot, lambda screen: "bob is typing" in screen)
        assert timeless(lines(app)) == [
            f"1 {room:17}{room}  2 here: ann, bob",
            f"{'':18}─ Monday, 23 November 2026 ─",
            f"{'':18} 14:02            bob hello, this is a message that is long",
            f"{'':18}                      enough to be wrapped at the edge of",
            f"{'':18}                      the screen",
            f"{'':18} 14:02                [2J[bold]no markup[/bold]",
            f"{'':18} 14:02            ann hi bob",
            *[""] * 14,
            f"{'':18} bob is typing…",
            f"{'':18} Write a message; /help lists the commands",
            " ● online as ann                             F1 help  Ctrl+K rooms  Ctrl+C quit",
        ]


async def test_scrolling_up_loads_older_messages_and_keeps_the_position(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob:
        there = await bob.join(room)
        for number in range(150):
            await there.send(f"number {number}.")
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda screen: "number 149." in screen)
            await pilot.press("pageup", "pageup")
            await until(pilot, lambda screen: "number 100." in screen)
            await pilot.press("pageup")
            await until(pilot, lambda screen: "number 99." in screen and "number 100." in screen)
            await there.send("something new")
            await until(pilot, lambda screen: "1 new message below" in screen and "number 99." in screen)
            await pilot.press("escape")
            await until(pilot, lambda screen: "something new" in screen and "below" not in screen)


async def test_history_that_comes_late_does_not_scroll_up_again(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        there = await bob.join(room)
        for number in range(40):
            await there.send(f"number {number}.")
        await until(pilot, lambda screen: "number 39." in screen)
        log, view = app.log_view, app.views.active
        assert view is not None
        log.scroll_lines(-100)
        view.loading = True  # the page is on its way
        log.scroll_lines(-10)
        log.scroll_lines(5)
        app.on_older_loaded(OlderLoaded(view))
        assert log.scroll_y == 5
        log.scroll_lines(-5)
        log.scroll_lines(-10)
        log.scroll_to(y=12, animate=False, immediate=True)  # where the inserted rows have put it
        app.on_older_loaded(OlderLoaded(view))
        assert log.scroll_y == 2


async def test_a_background_room_counts_unread_messages(server: Server, room: str) -> None:
    other = f"{room}-b"
    app, _ = chat(server, room, other)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        there = await bob.join(other)
        await until(pilot, lambda screen: "online as ann" in screen)
        await there.send("are you there?")
        await until(pilot, lambda screen: f"2 {other:14}1" in screen)
        await pilot.press("alt+2")
        await until(pilot, lambda screen: "are you there?" in screen and f"2 {other:14}1" not in screen)
        await enter(pilot, f"/join {room}")
        await until(pilot, lambda screen: "1 here: ann" in screen)
        await enter(pilot, "/leave")
        await until(pilot, lambda screen: screen.startswith(f"1 {other} "))


async def test_a_lost_server_is_shown_and_queued_messages_are_sent_once(room: str) -> None:
    with serving() as server:
        app, _ = chat(server, room)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda screen: "online as ann" in screen)
            server.kill()
            await until(pilot, lambda screen: "reconnecting" in screen)
            await enter(pilot, "still here")
            await until(pilot, lambda screen: "still here  sending…" in screen)
            server.start()
            await until(pilot, lambda screen: "online as ann" in screen and "sending…" not in screen)
            assert sum("still here" in line for line in lines(app)) == 1


async def test_a_rejected_message_stays_with_the_reason(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        app.views.open(room)
        app.backend.say(app.views.open(room), "x" * 4001)
        await until(pilot, lambda screen: "not sent: " in screen)


async def test_keys_help_and_quit(server: Server, room: str) -> None:
    app, conversation = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await pilot.press("f1")
        await until(pilot, lambda screen: "recall earlier lines" in screen)
        await pilot.press("pagedown", "pagedown")
        await until(pilot, lambda screen: "/quit" in screen)
        await pilot.press("escape")
        await enter(pilot, "/dance")
        await until(pilot, lambda screen: "Unknown command /dance" in screen)
        await pilot.press(*"unfinished", "ctrl+c")
        await until(pilot, lambda screen: "Write a message" in screen)
        await pilot.press("up")
        await until(pilot, lambda screen: " /dance\n" in screen)
        await pilot.press("ctrl+c", "ctrl+c")
    assert not app.is_running
    assert conversation.error is None


async def test_up_in_an_empty_input_edits_the_last_own_message(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await enter(pilot, "/who")
        await until(pilot, lambda screen: "1 here: ann\n" in screen)
        await pilot.press("up")
        await until(pilot, lambda screen: " /who\n" in screen)
        await pilot.press("ctrl+c")
        await enter(pilot, "helo")
        await until(pilot, lambda screen: "ann helo\n" in screen)
        await pilot.press("up")
        await until(pilot, lambda screen: " /edit helo\n" in screen)
        await pilot.press("backspace", *"lo", "enter")
        await until(pilot, lambda screen: "ann hello (edited)" in screen)
        await pilot.press("up", "up")
        await until(pilot, lambda screen: " /edit hello\n" in screen)


@pytest.mark.parametrize("rows", [12, 24, 25, 40])
async def test_the_help_leaves_the_rooms_and_the_connection_visible(
    server: Server, room: str, rows: int
) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, rows)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await pilot.press("f1")
        await until(pilot, lambda screen: "recall earlier lines" in screen)
        box = app.screen.query_one(VerticalScroll).region
        assert box.y >= 1
        assert box.bottom <= rows - 1
        assert app.screen.styles.background.a < 1


async def test_a_name_in_use_ends_the_program_with_a_free_name(server: Server, room: str) -> None:
    async with Client(server.url, name="cem") as cem:
        await cem.online()
        app, conversation = chat(server, room, name="cem")
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda _screen: conversation.error is not None)
    assert str(conversation.error) == "the name cem is in use; cem2 is free: --name cem2"


async def test_a_small_screen_keeps_what_matters(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda screen: "online as ann" in screen)
        await enter(pilot, "one two three four five six seven eight nine")
        await pilot.resize_terminal(40, 12)
        narrow = r"\n ann  \d\d:\d\d\n  one two three four five six seven\n  eight nine\n"
        await until(pilot, lambda screen: re.search(narrow, screen) is not None)
        assert len(lines(app)) == 12
        assert lines(app)[-2] == " Write a message"


async def test_a_reaction_to_the_selected_last_message_is_visible(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        there = await bob.join(room)
        for number in range(30):
            await there.send(f"number {number}.")
        await until(pilot, lambda screen: "number 29." in screen)
        await pilot.press("alt+up")
        await enter(pilot, "/react :tada:")
        await until(pilot, lambda screen: "🎉 1" in screen)
