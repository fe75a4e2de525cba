"""A chat client for hubbub that reconnects, and recovers the messages it missed.

async with Client("wss://chat.example.org", name="ann") as chat:
    room = await chat.join("lobby")
    await room.send("hello")
    async for event in room:
        match event:
            case Message(user=user, text=text):
                print(f"{user}: {text}")
"""

from hubbub_client.client import Client, Options
from hubbub_client.errors import (
    BadUrl,
    ClientClosed,
    HubbubError,
    NameTaken,
    NoToken,
    RoomRefused,
    SendFailed,
    TimedOut,
    TopicNotSet,
    UploadRefused,
)
from hubbub_client.events import (
    Changed,
    Event,
    Failed,
    FoundMessages,
    Gap,
    HistoryPage,
    Joined,
    Lagged,
    ListedRoom,
    ListedRooms,
    MemberNames,
    Message,
    Position,
    Presence,
    ReadMarkMoved,
    SendReceipt,
    Sent,
    Typing,
    UserRoom,
    UserRooms,
)
from hubbub_client.folding import fold
from hubbub_client.keys import derived_key, new_key
from hubbub_client.own_messages import Pending
from hubbub_client.positions import position_from_json, position_to_json
from hubbub_client.proxy import ProxySetting
from hubbub_client.room import Room
from hubbub_client.sans_io import status
from hubbub_client.sans_io.effects import UploadTicket
from hubbub_client.url import file_path, upload_path
from hubbub_protocol.events import Deletion, File, Reaction, Reactor, ReadMark

__version__ = "0.1.0"
__all__ = [
    "BadUrl",
    "Changed",
    "Client",
    "ClientClosed",
    "Deletion",
    "Event",
    "Failed",
    "File",
    "FoundMessages",
    "Gap",
    "HistoryPage",
    "HubbubError",
    "Joined",
    "Lagged",
    "ListedRoom",
    "ListedRooms",
    "MemberNames",
    "Message",
    "NameTaken",
    "NoToken",
    "Options",
    "Pending",
    "Position",
    "Presence",
    "ProxySetting",
    "Reaction",
    "Reactor",
    "ReadMark",
    "ReadMarkMoved",
    "Room",
    "RoomRefused",
    "SendFailed",
    "SendReceipt",
    "Sent",
    "TimedOut",
    "TopicNotSet",
    "Typing",
    "UploadRefused",
    "UploadTicket",
    "UserRoom",
    "UserRooms",
    "derived_key",
    "file_path",
    "fold",
    "new_key",
    "position_from_json",
    "position_to_json",
    "status",
    "upload_path",
]  # fmt: skip
