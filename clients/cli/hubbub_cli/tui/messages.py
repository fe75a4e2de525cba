"""What the connection reports to the screen."""

from dataclasses import dataclass

from textual.message import Message

from hubbub_cli.tui.room_views import RoomView
from hubbub_client import FoundMessages


@dataclass
class RoomsChanged(Message):
    """Something in the rooms or the connection changed; one message until it is shown."""


@dataclass
class OlderLoaded(Message):
    """A page of history was inserted at the start of a room."""

    view: RoomView


@dataclass
class MessagesFound(Message):
    """A page of messages that a search has found."""

    view: RoomView
    query: str
    page: FoundMessages


@dataclass
class MessageReached(Message):
    """The history is loaded up to a row that is wanted."""

    view: RoomView
    row: int


@dataclass
class Mentioned(Message):
    """A message names the user, in a room that is not visible to its end."""

    view: RoomView
    user: str


@dataclass
class ConversationEnded(Message):
    """The connection ended: the program ends."""
