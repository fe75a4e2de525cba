"""A small bot: commands, mentions, replies and schedules.

bot = Bot("wss://chat.example.org", name="helper")

@bot.command("roll")
async def roll(asked: BotMessage) -> None:
    await asked.reply(str(random.randint(1, int(asked.argument or 6))))

asyncio.run(bot.run("lobby"))
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from hubbub_client.bot_state import BotState
from hubbub_client.client import Client, Options
from hubbub_client.events import Message, SendReceipt
from hubbub_client.keys import derived_key
from hubbub_client.room import Room
from hubbub_client.token_source import TokenSource

BotHandler = Callable[["BotMessage"], Awaitable[None]]
ScheduledCall = Callable[["Bot"], Awaitable[None]]

Given = TypeVar("Given")

_BOT: Final = "bot"
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotMessage:
    """A message for the bot. `argument` is what follows the command or the mention."""

    bot: "Bot"
    room: Room
    message: Message
    argument: str

    async def reply(self, text: str) -> SendReceipt:
        """Send a message that names the author. A repeated handler sends it once, under the same key."""
        return await self.room.send(f"{self.message.user}: {text}", derived_key(self.message, text))


class Bot:
    """Reads rooms, and calls handlers for the messages of other users, one at a time in each room.

    It ignores its own messages, those of other bots, and history. A handler that raises is logged; the bot
    continues. With `state`, a file, it resumes after the last message that it has handled.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        token: TokenSource | None = None,
        prefix: str = "!",
        state: Path | str | None = None,
        options: Options | None = None,
    ) -> None:
        self._client = Client(url, name=name, token=token, options=options)
        self._prefix = prefix
        self._state = BotState(None if state is None else Path(state))
        self._commands: dict[str, BotHandler] = {}
        self._mention: BotHandler | None = None
        self._any: BotHandler | None = None
        self._schedules: list[tuple[float, ScheduledCall]] = []
        self._rooms: dict[str, Room] = {}

    # Handlers

    def command(self, name: str) -> Callable[[BotHandler], BotHandler]:
        """Handle `!name …` and `@bot name …`."""

        def add(handler: BotHandler) -> BotHandler:
            self._commands[name.casefold()] = handler
            return handler

        return add

    def on_mention(self, handler: BotHandler) -> BotHandler:
        """Handle messages that begin with the name of the bot, but with no command."""
        self._mention = handler
        return handler

    def on_message(self, handler: BotHandler) -> BotHandler:
        """Handle all other messages."""
        self._any = handler
        return handler

    def every(self, seconds: float) -> Callable[[ScheduledCall], ScheduledCall]:
        """Call a function at this interval, first after one."""

        def add(call: ScheduledCall) -> ScheduledCall:
            self._schedules.append((seconds, call))
            return call

        return add

    # Running

    @property
    def user(self) -> str:
        """The name of the bot."""
        return self._client.user or ""

    async def send(self, room: str, text: str) -> SendReceipt:
        """Send a message to a room that the bot reads.

        Raises:
            KeyError: `run` was not called with this room.
        """
        return await self._rooms[room].send(text)

    async def run(self, *rooms: str) -> None:
        """Read the rooms until the connection ends for good, or the task is cancelled.

        Raises:
            ClientClosed: the connection ended.
            RoomRefused: a room cannot be joined.
        """
        async with self._client as chat, asyncio.TaskGroup() as tasks:
            for name in rooms:
                self._rooms[name] = await chat.join(name, since=self._state.get(name))
            readers = [tasks.create_task(self._read(room)) for room in self._rooms.values()]
            timers = [tasks.create_task(self._repeat(seconds, call)) for seconds, call in self._schedules]
            await asyncio.wait(readers)
            for timer in timers:
                timer.cancel()

    @property
    def running(self) -> int:
        """The number of rooms that the bot has joined."""
        return len(self._rooms)

    def stop(self) -> None:
        """Leave the rooms: `run` returns after the handlers that are running."""
        for room in self._rooms.values():
            room.leave()

    async def _read(self, room: Room) -> None:
        async for event in room:
            if isinstance(event, Message):
                if event.live and event.user != self.user and event.kind != _BOT:
                    await self._handle(room, event)
                self._state.reached(room.name, event.position)

    async def _handle(self, room: Room, message: Message) -> None:
        handler, argument = self._choose(message.text)
        if handler is not None:
            asked = BotMessage(bot=self, room=room, message=message, argument=argument)
            await _guarded(handler, asked)

    def _choose(self, text: str) -> tuple[BotHandler | None, str]:
        """Return the handler of a text, and its argument."""
        named = (
            re.match(rf"@?{re.escape(self.user)}(?:[:,]|\b)\s*", text, re.IGNORECASE) if self.user else None
        )
        rest = text[named.end() :] if named else text.removeprefix(self._prefix)
        if named or (self._prefix and text.startswith(self._prefix)):
            word, _, argument = rest.partition(" ")
            command = self._commands.get(word.casefold())
            if command is not None:
                return command, argument.strip()
        return (self._mention, rest) if named and self._mention else (self._any, text)

    async def _repeat(self, seconds: float, call: ScheduledCall) -> None:
        while True:
            await asyncio.sleep(seconds)
            await _guarded(call, self)


async def _guarded(handler: Callable[[Given], Awaitable[None]], argument: Given) -> None:
    """Call code of the application, and log what it raises."""
    try:
        await handler(argument)
    except Exception:  # noqa: BLE001  the application's code may raise anything
        _log.exception("A handler of the bot failed")
