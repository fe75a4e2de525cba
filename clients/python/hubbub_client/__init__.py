"""Talk to a hubbub server from Python: connect, join, send, and come back without losing anything.

async with Client("wss://chat.example.org", name="ann") as chat:
    room = await chat.join("lobby")
    await room.send("hello")
    async for event in room:
        match event:
            case Message(user=user, text=text):
                print(f"{user}: {text}")
"""

from hubbub_client.client import Client, Options
from hubbub_client.core import status
from hubbub_client.errors import (
    BadUrl,
    Closed,
    HubbubError,
    NameTaken,
    NoToken,
    RoomRefused,
    SendFailed,
    TimedOut,
)
from hubbub_client.events import (
    Event,
    Failed,
    Gap,
    Joined,
    Lagged,
    Message,
    Names,
    Page,
    Position,
    Presence,
    Receipt,
    Sent,
    Typing,
)
from hubbub_client.keys import new_key
from hubbub_client.room import Pending, Room

__version__ = "0.1.0"
__all__ = [
    "BadUrl", "Client", "Closed", "Event", "Failed", "Gap", "HubbubError", "Joined", "Lagged", "Message",
    "NameTaken", "Names", "NoToken", "Options", "Page", "Pending", "Position", "Presence", "Receipt", "Room",
    "RoomRefused", "SendFailed", "Sent", "TimedOut", "Typing", "new_key", "status",
]  # fmt: skip
