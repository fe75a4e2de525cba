"""Threads in the full screen."""

from hubbub_client import Client
from tests.hubbub_cli.screen import chat, enter, until
from tests.hubbub_cli.server import Server


async def test_a_thread_is_read_and_written_in_place_of_its_room(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        there = await bob.join(room)
        root = await there.send("does it need a release?")
        await there.send("something else")
        first = await there.send("no", reply_to=root.position)
        await until(pilot, lambda screen: "↳ 1 reply" in screen)
        await there.send("it was never in one", reply_to=first.position)
        await until(pilot, lambda screen: "↳ 2 replies" in screen)
        await pilot.press("alt+t")
        screen = await until(pilot, lambda screen: "thread of bob: does it need a release?" in screen)
        assert "it was never in one" in screen
        assert "something else" not in screen
        # A line is a reply, and what comes for the thread is added.
        await enter(pilot, "good")
        await until(pilot, lambda screen: "ann good" in screen)
        await there.send("and this is not")
        last = await there.send("it is", reply_to=root.position)
        screen = await until(pilot, lambda screen: "bob it is" in screen)
        assert "and this is not" not in screen
        await there.react(last.position, "🎉")
        await until(pilot, lambda screen: "🎉 1" in screen)
        await pilot.press("escape")
        await until(pilot, lambda screen: "↳ 4 replies" in screen and "and this is not" in screen)


async def test_a_thread_begins_with_a_selected_message(server: Server, room: str) -> None:
    app, _ = chat(server, room)
    async with Client(server.url, name="bob") as bob, app.run_test(size=(80, 24)) as pilot:
        there = await bob.join(room)
        await until(pilot, lambda screen: "2 here" in screen)
        await pilot.press("alt+t")
        await until(pilot, lambda screen: "No message here has replies" in screen)
        await there.send("lunch?")
        await until(pilot, lambda screen: "lunch?" in screen)
        await pilot.press("alt+up")
        await enter(pilot, "/thread")
        await until(pilot, lambda screen: "thread of bob: lunch?" in screen)
        await enter(pilot, "at twelve")
        await until(pilot, lambda screen: "ann at twelve" in screen)
        await enter(pilot, "/thread")
        await until(pilot, lambda screen: "↳ 1 reply" in screen and "↪ bob: lunch?" in screen)
