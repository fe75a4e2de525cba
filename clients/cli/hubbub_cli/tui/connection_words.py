"""The state of the connection in words, for the line at the bottom."""

from collections.abc import Iterable
from math import ceil

from hubbub_cli.connect_failures import explain
from hubbub_cli.sanitize import sanitize
from hubbub_cli.tui.room_views import RoomView
from hubbub_client import Client, status


def connection_words(
    chat: Client | None, views: Iterable[RoomView], me: str, *, was_online: bool
) -> tuple[str, str]:
    """Return the colour and the text of the connection's state."""
    match chat.status if chat is not None else None:
        case status.Online():
            if any(not view.live and view.room is not None for view in views):
                return "$warning", "catching up"
            return "$success", f"online as {sanitize(me)}"
        case status.Waiting() if chat is not None:
            return "$error", _waiting(chat, was_online=was_online)
        case status.Offline():
            return "$error", "no network"
        case _:
            return "$warning", "reconnecting" if was_online else "connecting"


def _waiting(chat: Client, *, was_online: bool) -> str:
    seconds = ceil(chat.retry_in or 0)
    if was_online or chat.connection_error is None:
        return f"reconnecting in {seconds} s"
    return f"{explain(chat.connection_error, chat.url, chat.proxy).detail}, reconnecting in {seconds} s"
