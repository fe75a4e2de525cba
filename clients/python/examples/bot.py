"""A bot: it rolls dice, greets those who call it, and says what time it is each hour.

python bot.py ws://localhost:8000 lobby
"""

import asyncio
import random
import sys
from datetime import datetime

from hubbub_client.bot import Bot, BotMessage


def make(url: str) -> Bot:
    """Return the bot with its handlers."""
    bot = Bot(url, name="dice")

    @bot.command("roll")
    async def roll(asked: BotMessage) -> None:
        sides = int(asked.argument) if asked.argument.isdigit() else 6
        await asked.reply(f"{random.randint(1, max(1, sides))} of {sides}")  # noqa: S311  a game

    @bot.on_mention
    async def greet(asked: BotMessage) -> None:
        await asked.reply("hello! I roll dice: !roll 20")

    @bot.every(3600)
    async def strike(_: Bot) -> None:
        await bot.send("lobby", f"It is {datetime.now().astimezone():%H:%M}.")

    return bot


if __name__ == "__main__":
    url, *rooms = sys.argv[1:]
    asyncio.run(make(url).run(*rooms))
