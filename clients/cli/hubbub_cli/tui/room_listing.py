"""List rooms to join on the screen."""

from collections.abc import Callable
from typing import Final

from textual.message import Message as TextualMessage

from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.messages import RoomsChanged
from hubbub_cli.tui.room_views import RoomView
from hubbub_client import Client, HubbubError, ListedRoom

_MOST: Final = 50


async def list_rooms(
    view: RoomView, chat: Client, prefix: str, post: Callable[[TextualMessage], object]
) -> None:
    """Print the first rooms whose names begin with a prefix, or why they cannot be read."""
    try:
        page = await chat.directory(prefix)
    except HubbubError as error:
        view.shown.notice(f"Not listed: {sanitize(str(error))}")
    else:
        rooms = () if page is None else page.rooms[:_MOST]
        view.shown.notice("\n".join(map(_line, rooms)) or "There are no rooms to list.")
        if page is not None and (page.after is not None or len(page.rooms) > _MOST):
            view.shown.notice("There are more: /rooms and the beginning of a name.")
    post(RoomsChanged())


def _line(room: ListedRoom) -> str:
    topic = f": {sanitize(room.topic)}" if room.topic else ""
    return f"{sanitize(room.name)}, {room.members} here{topic}"
