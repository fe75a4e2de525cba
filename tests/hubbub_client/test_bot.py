"""A bot answers commands and mentions, once, and keeps to its schedule."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hubbub_client import Client, Message
from hubbub_client.bot import Bot, BotMessage
from hubbub_client.bot_state import BotState
from hubbub_client.testing import MockServer
from tests.hubbub_client.joined_room import AT_ONCE


def make(server: MockServer, state: Path | None = None) -> Bot:
    bot = Bot(server.url, name="helper", state=state, options=AT_ONCE)

    @bot.command("echo")
    async def echo(asked: BotMessage) -> None:
        await asked.reply(asked.argument)

    @bot.command("fail")
    async def fail(_: BotMessage) -> None:
        raise ZeroDivisionError

    @bot.on_mention
    async def greet(asked: BotMessage) -> None:
        await asked.reply("yes?")

    return bot


@asynccontextmanager
async def running(bot: Bot, *rooms: str) -> AsyncIterator[None]:
    """Run a bot during the block, once it has joined."""
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(bot.run(*rooms))
        while not bot.user or bot.running < len(rooms):  # noqa: ASYNC110  a state, not an event
            await asyncio.sleep(0.001)
        yield
        bot.stop()
        await run


async def until(server: MockServer, text: str) -> None:
    """Read the room as another client, until the text comes."""
    async with Client(server.url, name="reader", options=AT_ONCE) as chat:
        async for event in await chat.join("lobby", history=True):
            if isinstance(event, Message) and event.text == text:
                return


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("!echo one two", "ann: one two"),
        ("helper: echo three", "ann: three"),
        ("@Helper echo four", "ann: four"),
        ("helper, are you there", "ann: yes?"),
    ],
)
async def test_commands_and_mentions_are_answered(said: str, answer: str) -> None:
    async with MockServer() as server, running(make(server), "lobby"):
        await server.say("lobby", "ann", said)
        await until(server, answer)


async def test_others_are_not_answered_and_a_fault_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with MockServer() as server:
        await server.say("lobby", "ann", "!echo history")
        async with running(make(server), "lobby"):
            await server.say("lobby", "other", "!echo from a bot", kind="bot")
            await server.say("lobby", "ann", "the helper is not called, nor is helpers")
            await server.say("lobby", "ann", "!fail")
            await server.say("lobby", "ann", "!echo last")
            await until(server, "ann: last")
        answers = [text for text in server.texts("lobby") if text.startswith("ann: ")]
        assert answers == ["ann: last"]
    assert "A handler of the bot failed" in caplog.text


async def test_a_bot_resumes_after_the_last_message_that_it_handled(tmp_path: Path) -> None:
    state = tmp_path / "bot.json"
    async with MockServer() as server:
        async with running(make(server, state), "lobby"):
            await server.say("lobby", "ann", "!echo one")
            await until(server, "ann: one")
        await server.say("lobby", "ann", "!echo two")
        async with running(make(server, state), "lobby"):
            await until(server, "ann: two")
        assert [text for text in server.texts("lobby") if "ann: " in text] == ["ann: one", "ann: two"]
    assert BotState(state).get("lobby") is not None
    state.write_text("[]")
    with pytest.raises(ValueError, match="no state of a bot"):
        BotState(state)


async def test_a_schedule_is_kept() -> None:
    async with MockServer() as server:
        bot = make(server)

        @bot.every(0.01)
        async def tick(one: Bot) -> None:
            await one.send("lobby", "tick")

        async with running(bot, "lobby"):
            await until(server, "tick")
