"""Load a thread, and show it in place of its room."""

from collections.abc import Callable
from typing import Final

from textual.message import Message as TextualMessage

from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.messages import RoomsChanged
from hubbub_cli.tui.room_views import RoomView
from hubbub_cli.tui.thread_view import ThreadView
from hubbub_client import HubbubError, Message, Position, Room

# Messages of a thread that are loaded, the newest ones.
_MOST: Final = 1_000


async def open_thread(
    view: RoomView, room: Room, root: Position, post: Callable[[TextualMessage], object]
) -> None:
    """Show the thread of a root, or print why that is not possible."""
    try:
        messages = await _load(room, root.offset)
        why = "try again later"
    except HubbubError as error:
        messages, why = [], str(error)
    if messages:
        thread = view.thread = ThreadView(root, view.transcript.me)
        # The room has what came meanwhile.
        for one in (*messages, *(row.source for row in view.transcript.messages() if row.source)):
            thread.take(one)
    else:
        view.transcript.notice(f"The thread cannot be read: {sanitize(why)}.")
    post(RoomsChanged())


async def _load(room: Room, root: int) -> list[Message]:
    """Return the last messages of a thread; none if they cannot be read now."""
    messages: list[Message] = []
    before: int | None = None
    while len(messages) < _MOST:
        page = await room.thread(root, before)
        if page is None:
            return []
        messages[:0] = page.messages
        before = page.before
        if before is None:
            break
    return messages
