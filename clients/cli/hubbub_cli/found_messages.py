"""Search a room, and say why nothing was found."""

from hubbub_cli.message_lines import brief_text
from hubbub_cli.sanitize import sanitize
from hubbub_cli.times import full
from hubbub_client import FoundMessages, Message, Room


async def search(room: Room, query: str, before: str = "") -> FoundMessages | str:
    """Return a page of messages, newest first, or the reason why there is none."""
    page = await room.search(query, before)
    if page is None:
        return f"This server cannot search for {sanitize(query)!r} now: it may have no archive."
    return page if page.messages else f"Nothing found for {sanitize(query)!r}."


def summary(message: Message) -> tuple[str, str]:
    """Return the time, and the author with the text in one line."""
    return full(message.at), f"{sanitize(message.user)}: {brief_text(message)}"
