"""Search a room for the screen, and load its history up to a message."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual.message import Message as TextualMessage

from hubbub_cli.found_messages import search
from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.messages import MessageReached, MessagesFound, RoomsChanged
from hubbub_cli.tui.room_views import RoomView
from hubbub_client import HubbubError, Message, Room

Post = Callable[[TextualMessage], object]


async def find(view: RoomView, room: Room, query: str, before: str, post: Post) -> None:
    """Report a page of messages, or print why there is none."""
    try:
        page = await search(room, query, before)
    except HubbubError as error:
        page = f"Not searched: {sanitize(str(error))}"
    if isinstance(page, str):
        view.transcript.notice(page)
        post(RoomsChanged())
    else:
        post(MessagesFound(view, query, page))


async def reach(view: RoomView, message: Message, load: Callable[[], Awaitable[bool]], post: Post) -> None:
    """Load pages of history until the message is in the room, and report its row."""
    transcript = view.transcript
    with suppress(HubbubError):
        while transcript.row_of(message) is None and not (transcript.trimmed or transcript.full):
            if not await load():
                break
    row = transcript.row_of(message)
    if row is None:
        room, before = sanitize(view.name), message.position.offset - 1
        transcript.notice(
            f"This message is too far back. It is printed by: hubbub-chat history {room} --since {before}"
        )
        post(RoomsChanged())
    else:
        post(MessageReached(view, row))
